import { describe, expect, it } from "vitest";

import type { Content } from "../src/acts/rules";
import { candidateOf } from "../src/permits/candidates";
import { isEarly, passed } from "../src/permits/permits";
import { asTyped, firstTimes, timesFault, typedAt } from "../src/permits/times";
import { wayTo } from "../src/ways";

const CONTENT: Content = {
  states: { received: { zh: "", en: "" }, stored: { zh: "", en: "" }, release_approved: { zh: "", en: "" } },
  steps: [
    { action: "stock_in", from: ["received"], to: "arrived", by: "gate", held: true, rule: "custody.stock-in" },
    { action: "stock_out", from: ["release_approved"], to: "out", by: "gate", held: false, rule: "custody.stock-out" },
    { action: "move", from: ["stored"], to: "stored", seats: [["keeper"]], held: true, rule: "custody.move" },
  ],
};
const box = (state: string, more: object = {}) =>
  ({ id: "nj01/P-1", seal_number: "F01", state, held: false, label_issue: 1, custody: null, ...more }) as Parameters<typeof candidateOf>[1];

describe("what a permit can be asked for", () => {
  it("is what the pack lets pass a gate from its state, and which way", () => {
    expect(candidateOf(CONTENT, box("received"))).toMatchObject({ name: "F01", ways: ["in"], hindrance: null });
    expect(candidateOf(CONTENT, box("release_approved"))).toMatchObject({ ways: ["out"], hindrance: null });
    expect(candidateOf(CONTENT, box("stored"))).toMatchObject({ ways: [], hindrance: "state" });
  });

  it("is nothing under hold that would go out, but what comes in may", () => {
    expect(candidateOf(CONTENT, box("release_approved", { held: true }))).toMatchObject({ ways: [], hindrance: "held" });
    expect(candidateOf(CONTENT, box("received", { held: true }))).toMatchObject({ ways: ["in"], hindrance: null });
  });

  it("is nothing that waits for hands or that no gate could know", () => {
    expect(candidateOf(CONTENT, box("received", { custody: { act: "nj01/A-1" } })).hindrance).toBe("act");
    expect(candidateOf(CONTENT, box("received", { label_issue: null })).hindrance).toBe("label");
  });
});

describe("the times of a permit", () => {
  const now = new Date("2026-11-22T03:00:42Z");

  it("begin with this minute and last no longer than the rules allow", () => {
    const { from, until } = firstTimes(now, 8, 4);
    expect(typedAt(from)?.toISOString()).toBe("2026-11-22T03:00:00.000Z");
    expect(typedAt(until)?.toISOString()).toBe("2026-11-22T07:00:00.000Z");
    expect(timesFault(from, until, now, 4)).toBeNull();
  });

  it("are refused where the server would refuse them", () => {
    const at = (hours: number) => asTyped(new Date(now.getTime() + hours * 3_600_000));
    expect(timesFault("", at(1), now, 72)).toBe("missing");
    expect(timesFault(at(2), at(1), now, 72)).toBe("order");
    expect(timesFault(at(1), at(1), now, 72)).toBe("order");
    expect(timesFault(at(-3), at(-1), now, 72)).toBe("over");
    expect(timesFault(at(0), at(73), now, 72)).toBe("long");
    expect(timesFault(at(0), at(72), now, 72)).toBeNull();
  });
});

describe("a permit", () => {
  const things = [{ spent_index: 7 }, { spent_index: null }] as Parameters<typeof passed>[0]["things"];

  it("tells how many of its things passed, and whether its time has come", () => {
    const now = new Date("2026-11-22T03:00:00Z");
    expect(passed({ things })).toBe(1);
    expect(isEarly({ state: "living", not_before: "2026-11-22T03:00:01Z" }, now)).toBe(true);
    expect(isEarly({ state: "living", not_before: "2026-11-22T03:00:00Z" }, now)).toBe(false);
    expect(isEarly({ state: "revoked", not_before: "2026-11-22T03:00:01Z" }, now)).toBe(false);
  });

  it("has a page of its own, as openings by break-glass have", () => {
    expect(["L-1", "X-1", "I-1", "A-AB12CD34EF", "C-1", "T-AB12CD34EF"].map((id) => wayTo(`nj01/${id}`))).toEqual([
      "/permits/nj01/L-1", "/supervision/nj01/X-1", "/history/nj01/I-1", "/acts/nj01/A-AB12CD34EF", "/cases/nj01/C-1", "/stock-takes/nj01/T-AB12CD34EF",
    ]); // prettier-ignore
    expect(["T-118", "A-118"].map((id) => wayTo(`nj01/${id}`))).toEqual(["/tickets/118?site=nj01", "/ledger/nj01/118"]);
  });
});
