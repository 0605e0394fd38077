// What the palette finds for what is typed, and in which order.
import { describe, expect, it } from "vitest";
import { excerpt, runs } from "../src/app/palette/found.svelte";
import { match, rank } from "../src/app/palette/ranking";

const best = (query: string, names: string[]): string[] => rank(query, names, (name) => name).map(({ item }) => item);
const marked = (query: string, name: string): string => runs(name, match(query, name)!.ranges).map(({ text, found }) => (found ? `[${text}]` : text)).join("");

describe("ranking", () => {
  it("puts whole words before beginnings, and these before what lies inside", () => {
    expect(best("rent", ["Apparent costs", "Rental car", "The rent"])).toEqual(["The rent", "Rental car", "Apparent costs"]);
  });

  it("prefers names that begin with it", () => {
    expect(best("lease", ["When does the lease end?", "Lease, Lindenstrasse 14"])[0]).toBe("Lease, Lindenstrasse 14");
  });

  it("keeps the order of equals, which is the newest first", () => {
    expect(best("note", ["Note a", "Note b", "Note c"])).toEqual(["Note a", "Note b", "Note c"]);
  });

  it("wants every word, in any order", () => {
    expect(best("14 lease", ["Lease, Lindenstrasse 14", "Lease, Kaiweg 3"])).toEqual(["Lease, Lindenstrasse 14"]);
  });

  it("is blind to case and accents, and marks the right letters", () => {
    expect(marked("uber", "Über Äpfel")).toBe("[Über] Äpfel");
    expect(marked("apfel", "Über Äpfel")).toBe("Über [Äpfel]");
    expect(marked("zebra", "🦓 Zebra")).toBe("🦓 [Zebra]");
  });

  it("finds words between the signs of a file name", () => {
    expect(marked("final", "Lease_2024-final.pdf")).toBe("Lease_2024-[final].pdf");
  });

  it("takes initials, letters left out and slips", () => {
    expect(marked("nc", "New conversation")).toBe("[N]ew [c]onversation");
    expect(match("docmnts", "Go to Documents")).not.toBeNull();
    expect(match("setitngs", "Go to Settings")).not.toBeNull();
    expect(match("settimgs", "Go to Settings")).not.toBeNull();
    expect(match("themme", "Theme: Dark")).not.toBeNull();
  });

  it("does not take letters strewn over a name", () => {
    for (const query of ["lease", "rent", "dark", "stop", "model"]) {
      expect(match(query, "Large export of a sample, read at once")).toBeNull();
      expect(match(query, "Minutes of the committee on safety")).toBeNull();
    }
    expect(match("x", "Export")).toBeNull();
  });

  it("leaves far worse ones out when there is a good one", () => {
    expect(best("settings", ["Settings", "Setitngs of old"])).toEqual(["Settings"]);
  });

  it("finds by other words too, after the name itself", () => {
    const items = [{ name: "New conversation", also: "chat" }, { name: "Chat with Ana", also: "" }];
    expect(rank("chat", items, ({ name }) => name, ({ also }) => also).map(({ item }) => item.name)[0]).toBe("Chat with Ana");
    expect(match("chat", "New conversation", "chat")!.ranges).toEqual([]);
  });

  it("finds one among ten thousand", () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `Report ${n} of the committee on laboratory safety, final.pdf`);
    expect(best("report 777", names)[0]).toContain("Report 777 ");
  });
});

describe("a passage in one line", () => {
  it("begins a little before the first word that was found", () => {
    const text = `${"Other words come before it, and many of them. ".repeat(3)}The operating\nlease ends.`;
    const line = excerpt(text, "leases").map(({ text: words, found }) => (found ? `[${words}]` : words)).join("");
    expect(line).toMatch(/^… .{0,40}The operating \[lease\] ends\.$/);
  });

  it("is whole when nothing stands before", () => expect(excerpt("Lease of land", "lease")[0]).toEqual({ text: "Lease", found: true }));
});
