// A conversation is a tree of messages; what is shown is the path from its root to one leaf.

/** What the tree needs to know of a message. Messages come in the order in which they were written. */
export interface Node {
  id: string;
  parent_id: string | null;
}

/** Messages from the root to `leaf`; when it is unknown, to the newest message. */
export function pathTo<T extends Node>(messages: readonly T[], leaf: string | null): T[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const path = new Set<T>();
  let at = (leaf && byId.get(leaf)) || messages.at(-1);
  while (at && !path.has(at)) {
    path.add(at);
    at = at.parent_id === null ? undefined : byId.get(at.parent_id);
  }
  return [...path].reverse();
}

/** All versions of a message, itself among them, in the order in which they were written. */
export function versions<T extends Node>(messages: readonly T[], of: T): T[] {
  return messages.filter((message) => message.parent_id === of.parent_id);
}

/** The leaf that is reached from `id` by the newest message at each fork. */
export function newestLeaf(messages: readonly Node[], id: string): string {
  let leaf = id;
  for (;;) {
    const child = messages.findLast((message) => message.parent_id === leaf);
    if (!child) return leaf;
    leaf = child.id;
  }
}
