// Pictures: told by their bytes, shown from where they are, and sent with a question and again with its next version.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Message } from "../src/api/types";
import { Conversation } from "../src/features/chat/conversation.svelte";
import { base64, isPicture, parted } from "../src/features/chat/pictures.svelte";
import type { Attached } from "../src/features/chat/readPicture";

const file = (name: string, ...parts: (string | number)[]): File =>
  new File([Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...part].map((letter) => letter.charCodeAt(0)) : part)))], name);

const PNG = file("a.png", 0x89, "PNG\r\n\x1a\n", "rest");

describe("what a picture is", () => {
  it.each([
    ["PNG", PNG, true],
    ["JPEG", file("a.txt", 0xff, 0xd8, 0xff, 0xe0), true],
    ["GIF", file("a", "GIF89a"), true],
    ["WebP", file("a.webp", "RIFF", 1, 2, 3, 4, "WEBP"), true],
    ["an SVG that is called otherwise", file("a.png", '<svg xmlns="http://www.w3.org/2000/svg">'), false],
    ["another RIFF", file("a.webp", "RIFF", 1, 2, 3, 4, "WAVE"), false],
    ["nothing", file("a.png"), false],
  ])("tells by its bytes: %s", async (_name, given, picture) => expect(await isPicture(given)).toBe(picture));

  it("parts pictures from other files, in their order", async () => {
    const [text, other] = [file("a.txt", "words"), file("b.png", "words")];
    expect(await parted([text, PNG, other])).toEqual({ pictures: [PNG], others: [text, other] });
  });

  it("is sent in base64, without a prefix", async () => expect(await base64(new Blob(["Man"]))).toBe("TWFu"));
});

describe("a question with pictures", () => {
  afterEach(() => vi.unstubAllGlobals());
  const watcher = { collections: [], began: vi.fn(), wrote: vi.fn(), ended: vi.fn() };
  const attached: Attached = { id: "new", blob: new Blob(["Man"], { type: "image/png" }), url: "blob:new", width: 4, height: 3, file: PNG };
  const kept = { id: "old", media_type: "image/jpeg", width: 8, height: 6, size: 9 };

  function server(): unknown[] {
    const bodies: unknown[] = [];
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      bodies.push(JSON.parse(String(init.body)));
      return Promise.resolve(Response.json({ error: "TooLarge", message: "No." }, { status: 413 }));
    });
    return bodies;
  }

  it("sends the new ones, and names those that are there", async () => {
    const bodies = server();
    const chat = new Conversation("c", watcher);
    const asked = chat.ask("What?", { useDocuments: false, attached: [attached], kept: [kept] });
    expect(chat.path[0]?.images.map((image) => chat.address(image))).toEqual(["/api/pictures/old", "blob:new"]);
    expect(await asked).toBe(false);
    expect(bodies[0]).toMatchObject({ images: ["TWFu"], image_ids: ["old"] });
    expect(chat.path, "refused: as if it had not been asked").toEqual([]);
  });

  it("says nothing of pictures where there are none", async () => {
    const bodies = server();
    await new Conversation(null, watcher).ask("What?", { useDocuments: false });
    expect(Object.keys(bodies[0] as object)).not.toEqual(expect.arrayContaining(["images"]));
    expect(Object.keys(bodies[0] as object)).not.toEqual(expect.arrayContaining(["image_ids"]));
  });

  it("is written again with its pictures", async () => {
    const bodies = server();
    const chat = new Conversation("c", watcher);
    const blank = { thinking: "", status: "done", error: null, model: null, sources: [], usage: null, created_at: "", proof: null } as const;
    const question: Message = { ...blank, sources: [], id: "q", parent_id: null, role: "user", content: "What?", images: [kept] };
    const answer: Message = { ...blank, sources: [], id: "a", parent_id: "q", role: "assistant", content: "That.", images: [] };
    chat.messages = [question, answer];
    await chat.again(answer, false);
    expect(bodies[0]).toMatchObject({ message: "What?", parent_id: null, image_ids: ["old"] });
  });
});
