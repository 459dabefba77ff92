import { describe, expect, it } from "vitest";

import { openedBetween } from "../src/tickets/ages";
import { inUnit, tallest, tierOf } from "../src/tickets/homes";

describe("the first page", () => {
  it("is the one chosen last, where it is theirs, else the widest", () => {
    expect(tierOf(["doer", "leader"], null)).toBe("leader");
    expect(tierOf(["doer", "leader"], "doer")).toBe("doer");
    expect(tierOf(["doer", "leader"], "manager")).toBe("leader");
    expect(tierOf([], "leader")).toBe("doer");
  });

  it("tells a length of time in the unit that suits it", () => {
    expect([60, 7199, 7200, 259_199, 259_200].map(inUnit)).toEqual([
      { unit: "minutes", n: 1 }, { unit: "minutes", n: 120 }, { unit: "hours", n: 2 }, { unit: "hours", n: 72 }, { unit: "days", n: 3 },
    ]); // prettier-ignore
  });

  it("draws days without anything", () => {
    expect(tallest([])).toBe(1);
    expect(tallest([{ day: "2026-11-26", opened: 2, closed: 5, breached: 0 }])).toBe(5);
  });
});

it("asks for tickets by age as the server counts it, without a gap", () => {
  const now = Date.parse("2026-11-26T00:00:00Z");
  expect(openedBetween("", now)).toEqual({ opened_after: null, opened_before: null });
  expect(openedBetween("day", now)).toEqual({ opened_after: "2026-11-25T00:00:00.000Z", opened_before: null });
  expect(openedBetween("three_days", now).opened_before).toBe(openedBetween("day", now).opened_after);
  expect(openedBetween("older", now)).toEqual({ opened_after: null, opened_before: openedBetween("week", now).opened_after });
});
