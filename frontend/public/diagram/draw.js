// Inside the sandboxed frame: takes the source of a diagram, posts its SVG back. The origin is opaque and the policy
// allows no connection, so nothing that a diagram does reaches further than this document.
"use strict";

function configured(dark) {
  return {
    startOnLoad: false,
    securityLevel: "strict",
    suppressErrorRendering: true,
    deterministicIds: true,
    theme: dark ? "dark" : "neutral",
    darkMode: dark,
    fontFamily: "system-ui, sans-serif",
    maxTextSize: 20000,
    maxEdges: 400,
    // Labels are SVG text: an SVG that is shown as a picture has no HTML in it.
    htmlLabels: false,
    flowchart: { htmlLabels: false, useMaxWidth: false },
    class: { htmlLabels: false, useMaxWidth: false },
    sequence: { useMaxWidth: false },
    state: { useMaxWidth: false },
    er: { useMaxWidth: false },
    gantt: { useMaxWidth: false, useWidth: 720 },
    pie: { useMaxWidth: false },
    mindmap: { useMaxWidth: false },
    timeline: { useMaxWidth: false },
  };
}

async function draw({ id, source, dark }) {
  try {
    mermaid.initialize(configured(dark));
    const { svg } = await mermaid.render(`d${id}`, source);
    const drawn = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    const [, , width, height] = (drawn.getAttribute("viewBox") ?? "0 0 300 150").split(/[\s,]+/).map(Number);
    drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    drawn.setAttribute("width", String(width));
    drawn.setAttribute("height", String(height));
    drawn.style.maxWidth = "";
    parent.postMessage({ id, svg: new XMLSerializer().serializeToString(drawn), width, height }, "*");
  } catch (error) {
    parent.postMessage({ id, error: String(error?.message ?? error) }, "*");
  }
  document.body.replaceChildren();
}

addEventListener("message", (event) => {
  if (event.source === parent) void draw(event.data);
});
addEventListener("load", () => parent.postMessage({ ready: true }, "*"));
