import { describe, expect, it } from "vitest";

import type { Alarm } from "../src/alarms/alarms";
import { type Severity, calls, counted, news, ordered, roughly } from "../src/wall/wall";

const NOW = Date.parse("2026-11-26T12:00:00Z");

function alarm(id: number, severity: Severity, more: Partial<Alarm> = {}): Alarm {
  const times = { raised_at: "2026-11-26T11:00:00Z", last_at: "2026-11-26T11:00:00Z", shelved_until: null, cleared_at: null };
  return { id, site: "nj01", cause: "door_forced", place: "x", severity, detail: {}, occurrences: 1, index: id, acknowledged_by: null, assigned_to: null, level: 0, cleared_code: null, ...times, ...more };
}

describe("the wall", () => {
  const known = alarm(4, "critical", { acknowledged_by: "nj01/U-1" });
  const shelved = alarm(5, "critical", { shelved_until: "2026-11-26T12:00:01Z" });

  it("shows what calls first, the worst and newest of it before all", () => {
    const rows = ordered([known, alarm(1, "info"), alarm(2, "critical"), alarm(3, "critical"), shelved, alarm(6, "major")], NOW);
    expect(rows.map(({ id }) => id)).toEqual([3, 2, 6, 1, 5, 4]);
  });

  it("does not call for what somebody is on or set aside, until the time is over", () => {
    expect([known, shelved].map((each) => calls(each, NOW))).toEqual([false, false]);
    expect(calls(shelved, NOW + 1001)).toBe(true);
  });

  it("is loud for what is new or worse than it was, once", () => {
    const heard = new Map<number, Severity>([[1, "warning"], [2, "critical"]]);
    expect(news(heard, [alarm(1, "warning"), alarm(2, "critical"), known, shelved], NOW)).toEqual([]);
    expect(news(heard, [alarm(1, "major"), alarm(2, "critical"), alarm(7, "info")], NOW).map(({ id }) => id)).toEqual([1, 7]);
  });

  it("counts by severity", () => {
    expect(counted([alarm(1, "info"), alarm(2, "critical"), known])).toEqual({ critical: 2, major: 0, warning: 0, info: 1 });
  });

  it.each([[-5, "s", 0], [59_999, "s", 59], [60_000, "min", 1], [3_600_000, "h", 1], [86_400_000 * 3, "d", 3]] as const)("says %i ms in one unit", (ms, unit, n) => {
    expect(roughly(ms)).toEqual({ unit, n });
  });
});
