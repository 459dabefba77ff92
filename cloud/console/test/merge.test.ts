import { describe, expect, it } from "vitest";

import type { Passage } from "../src/api/types";
import { belongs, merge, settle } from "../src/live/merge";

function passage(index: number, rest: Partial<Passage> = {}): Passage {
  return {
    site: "nj01",
    index,
    agent: "nj01.gate-a",
    seq: index + 1,
    station: "gate-a",
    direction: "in",
    outcome: "refused",
    reason: "no_permit",
    rule: "gate.permit.needed",
    rule_text: null,
    subject: "nj01/I-1",
    things: ["nj01/I-1"],
    people: [],
    at: "2026-11-22T03:24:00.123456Z",
    taken_at: "2026-11-22T03:24:00.223456Z",
    picture: "ab",
    picture_ready: false,
    differs: null,
    crossed_index: null,
    abandoned_index: null,
    ...rest,
  };
}

describe("merging what is told into what is known", () => {
  it("puts the newest first, whichever order they are told in", () => {
    const rows = merge([passage(5)], [passage(3), passage(9), passage(7)]);
    expect(rows.map((row) => row.index)).toEqual([9, 7, 5, 3]);
  });

  it("shows a passage once however often it is told", () => {
    const once = merge([], [passage(4), passage(4)]);
    expect(merge(once, [passage(4), passage(2)]).map((row) => row.index)).toEqual([4, 2]);
  });

  it("tells entries of two warehouses with one number apart", () => {
    expect(merge([passage(4)], [passage(4, { site: "hf02" })])).toHaveLength(2);
  });

  it("does not forget what became of a passage when an older telling comes late", () => {
    const known = [passage(4, { crossed_index: 6, picture_ready: true })];
    expect(merge(known, [passage(4)])[0]).toMatchObject({ crossed_index: 6, picture_ready: true });
  });

  it("takes over what a newer telling adds", () => {
    expect(merge([passage(4)], [passage(4, { abandoned_index: 8 })])[0]?.abandoned_index).toBe(8);
  });

  it("leaves the rows it was given as they were", () => {
    const rows = [passage(4)];
    merge(rows, [passage(5)]);
    expect(rows).toEqual([passage(4)]);
  });
});

describe("later news of a passage", () => {
  it("reaches the passage that is meant and no other", () => {
    const rows = settle([passage(5), passage(4)], (row) => row.index === 4, { crossed_index: 9 });
    expect(rows.map((row) => row.crossed_index)).toEqual([null, 9]);
  });
});

describe("filters", () => {
  it("keep what belongs", () => {
    expect(belongs(passage(1), "all")).toBe(true);
    expect(belongs(passage(1), "refused")).toBe(true);
    expect(belongs(passage(1), "allowed")).toBe(false);
  });
});
