import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import en from "../src/locales/en.json";
import { pagesFor } from "../src/nav";
import { OVERRIDE_KINDS, aboutOf, laidOver, lengthOf, wayToEntry } from "../src/supervision/supervision";

describe("the supervisor's list", () => {
  it("can be asked for every kind that the API tells of, each with its words", () => {
    const document = JSON.parse(readFileSync(new URL("../src/api/openapi.json", import.meta.url), "utf-8")) as {
      components: { schemas: { Override: { properties: { kind: { enum: string[] } } } } };
    };
    expect([...OVERRIDE_KINDS].sort()).toEqual([...document.components.schemas.Override.properties.kind.enum].sort());
    for (const kind of OVERRIDE_KINDS) expect(Object.keys(en.record)).toContain(kind);
  });

  it("leads to the entry in the history of what it is about; an act has none, so its things are taken", () => {
    expect(wayToEntry({ index: 7, about: ["nj01/A-1", "nj01/P-1"] })).toBe("/history/nj01/P-1#entry-7");
    expect(wayToEntry({ index: 7, about: ["nj01/X-1"] })).toBe("/history/nj01/X-1#entry-7");
    expect(wayToEntry({ index: 7, about: ["#3", "a".repeat(64)] })).toBeNull();
  });

  it("tells things, erased entries and rule packs apart", () => {
    const told = aboutOf(["nj01/P-1", "#12", "a".repeat(64), "nj01.gate-a:camera"]);
    expect(told).toEqual({ things: ["nj01/P-1"], entries: [12], packs: ["a".repeat(64)], places: ["nj01.gate-a:camera"] });
  });

  it("lays the newest page over what is there: nothing twice, the newest word of each, the newest first", () => {
    const row = (index: number, word = "") => ({ index, word });
    expect(laidOver([row(5), row(3)], [row(7), row(5, "again")])).toEqual([row(7), row(5, "again"), row(3)]);
  });

  it("says how long something was open", () => {
    expect(lengthOf(61_000)).toEqual({ hours: 0, minutes: 1, seconds: 1 });
    expect(lengthOf(7_380_000)).toEqual({ hours: 2, minutes: 3, seconds: 0 });
    expect(lengthOf(-1)).toEqual({ hours: 0, minutes: 0, seconds: 0 });
  });
});

describe("the navigation", () => {
  it("leads to supervision whoever supervises, and to permits everybody", () => {
    const ways = (...roles: string[]) => pagesFor(roles).map((page) => page.to);
    expect(ways("supervisor")).toContain("/supervision");
    expect(ways("keeper")).not.toContain("/supervision");
    expect(ways("keeper")).toContain("/permits");
  });
});
