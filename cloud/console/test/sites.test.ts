import { describe, expect, it } from "vitest";

import { bySite, inNeed, livingAt, rackTone, type SiteState, toneOf } from "../src/sites/sites";

const site = (id: string, own: Partial<SiteState> = {}): SiteState => ({
  id, name_zh: id, name_en: id, unit: null, critical: 0, major: 0, warning: 0, info: 0, capacity: 0, used: 0, zones: 0, zones_full: 0, zones_filling: 0,
  agents: 1, agents_offline: 0, tickets: 0, overdue: 0, oldest_ticket: null, oldest_at: null, checkpoint_at: null, entries_after: 0, ...own,
}); // prettier-ignore

describe("several sites", () => {
  it("have the colour of their racks by zones, and none where there are none", () => {
    expect(rackTone({ zones: 0, zones_full: 0, zones_filling: 0 })).toBe("");
    expect(rackTone({ zones: 3, zones_full: 0, zones_filling: 0 })).toBe("ok");
    expect(rackTone({ zones: 3, zones_full: 0, zones_filling: 1 })).toBe("warn");
    expect(rackTone({ zones: 3, zones_full: 1, zones_filling: 1 })).toBe("no");
  });

  it("need somebody at once for grave alarms and missed deadlines, today for what is smaller", () => {
    expect(toneOf(site("a", { major: 1 }))).toBe("no");
    expect(toneOf(site("a", { overdue: 1 }))).toBe("no");
    expect(toneOf(site("a", { warning: 2 }))).toBe("warn");
    expect(toneOf(site("a", { agents_offline: 1 }))).toBe("warn");
    expect(toneOf(site("a", { zones: 1, zones_full: 1 }))).toBe("warn");
    expect(toneOf(site("a", { info: 5, tickets: 3 }))).toBe("ok");
  });

  it("stand in the order of need, and else of their ids", () => {
    const rows = [site("d"), site("c"), site("b", { major: 5 }), site("a", { critical: 1 }), site("e", { agents_offline: 1 })];
    expect(inNeed(rows).map((row) => row.id)).toEqual(["a", "b", "e", "c", "d"]);
    expect(livingAt(site("a", { critical: 1, info: 2 }))).toBe(3);
  });

  it("keep the order of alarms within each, the site of the first first", () => {
    const rows = [{ site: "b", id: 1 }, { site: "a", id: 2 }, { site: "b", id: 3 }];
    expect(bySite(rows).map((group) => [group.site, group.rows.map((row) => row.id)])).toEqual([["b", [1, 3]], ["a", [2]]]);
  });
});
