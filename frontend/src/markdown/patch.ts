// Makes a tree in the page equal to a freshly rendered one, leaving alone what did not change.

/** `current` becomes equal to `next`, or gives way to it; what is now in the page is returned. */
export function patch<N extends ChildNode>(current: N, next: N): N {
  if (current instanceof Text && next instanceof Text) {
    setText(current, next.data);
    return current;
  }
  if (!(current instanceof Element) || !(next instanceof Element) || current.tagName !== next.tagName) {
    current.replaceWith(next);
    return next;
  }
  // A formula that is drawn no longer looks like its text; it is the same while its text is.
  const tex = (next as Element as HTMLElement).dataset?.tex;
  if (tex !== undefined || (current as Element as HTMLElement).dataset?.tex !== undefined) {
    if ((current as Element as HTMLElement).dataset.tex === tex) return current;
    current.replaceWith(next);
    return next;
  }
  if (next.classList.contains("code") && growCode(current, next)) return current;
  if (next.classList.contains("more-rows")) {
    current.replaceWith(next);
    return next;
  }
  patchAttributes(current, next);
  patchChildren(current, next);
  return current;
}

/** A block of code in the same language only gets its text: what its reader has set, such as its wrapping, stays. */
function growCode(current: Element, next: Element): boolean {
  const [code, wanted] = [current, next].map((figure) => figure.querySelector<HTMLElement>("code"));
  if (!code || !wanted || code.dataset.language !== wanted.dataset.language || code.childNodes.length !== 1) return false;
  setText(code.firstChild as Text, wanted.textContent ?? "");
  return true;
}

export function setText(current: Text, data: string): void {
  if (current.data === data) return;
  // Appending keeps a selection that ends in this text.
  if (data.startsWith(current.data)) current.appendData(data.slice(current.data.length));
  else current.data = data;
}

function patchAttributes(current: Element, next: Element): void {
  for (const { name } of [...current.attributes]) if (!next.hasAttribute(name)) current.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
}

function patchChildren(current: Element, next: Element): void {
  const wanted = [...next.childNodes];
  wanted.forEach((child, index) => {
    const there = current.childNodes[index];
    if (there) patch(there, child);
    else current.append(child);
  });
  while (current.childNodes.length > wanted.length) current.lastChild?.remove();
}
