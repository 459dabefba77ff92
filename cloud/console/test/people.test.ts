import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { pagesFor } from "../src/nav";
import { type Account, dutiesOf, ROLES, siteOf, suits } from "../src/people/people";
import type { Content } from "../src/rules/pack";
import { wayTo } from "../src/ways";

const WANG: Account = { id: "nj01/U-AB12CD34EF", site: "nj01", username: "wang.fang", name: "王芳", roles: ["keeper", "operator"], external: false };

describe("the people of a site", () => {
  it("can have every role that the API tells of", () => {
    const document = JSON.parse(readFileSync(new URL("../src/api/openapi.json", import.meta.url), "utf-8")) as {
      components: { schemas: { Role: { enum: string[] } } };
    };
    expect([...ROLES].sort()).toEqual([...document.components.schemas.Role.enum].sort());
  });

  it("are found by every word, by a role and by their state", () => {
    expect(suits(WANG, { words: " 王 FANG", role: "", state: "" })).toBe(true);
    expect(suits(WANG, { words: "wang li", role: "", state: "" })).toBe(false);
    expect(suits(WANG, { words: "", role: "operator", state: "used" })).toBe(true);
    expect(suits(WANG, { words: "", role: "admin", state: "" })).toBe(false);
    expect(suits({ ...WANG, disabled_at: "2026-01-01T00:00:00Z" }, { words: "", role: "", state: "used" })).toBe(false);
    expect(suits(WANG, { words: "", role: "", state: "disabled" })).toBe(false);
  });

  it("are shown on a page of their own, of the site that the id names", () => {
    expect(wayTo(WANG.id)).toBe("/people/nj01/U-AB12CD34EF");
    expect(siteOf(WANG.id)).toBe("nj01");
  });

  it("are led to by the header for whoever looks after them", () => {
    expect(pagesFor(["admin"]).map((page) => page.to)).toContain("/people");
    expect(pagesFor(["keeper"]).map((page) => page.to)).not.toContain("/people");
  });
});

describe("what a role may do", () => {
  const step = { from: "any" as const, to: "same", held: false, rule: "r" };
  const content: Content = {
    states: {},
    steps: [
      { ...step, action: "seal", seats: [["inspector"], ["keeper"]] },
      { ...step, action: "seal", seats: [["keeper"]] },
      { ...step, action: "move", seats: [["inspector"]], more: [["keeper"]] },
      { ...step, action: "void", seats: [["leader"]] },
    ],
    decisions: { repin_case: { seats: [["leader"], ["keeper"]], rule: "r" } },
    rights: { furnish: ["admin", "keeper"], erase: ["admin"] },
  };

  it("are its rights, and every act in which it has a seat, also one that only dear things need, each once", () => {
    expect(dutiesOf(content, "keeper")).toEqual({ rights: ["furnish"], signs: ["seal", "move", "repin_case"] });
    expect(dutiesOf(content, "auditor")).toEqual({ rights: [], signs: [] });
  });
});
