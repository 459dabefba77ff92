import { describe, expect, it } from "vitest";

import { FULL, type Mark, type Site, type Thing, isAt, laid, moved, thingsOf } from "../src/plan/plan";

const ZONE = { id: "nj01/Z-1", name: "A", zone_class: "ordinary", capacity: 10, used: 9, level: "yellow", index: 0 } as const;
const AGENT = "nj01.gate-a";

function site(more: Partial<Site> = {}): Site {
  return { zones: [ZONE], slots: [], gates: [{ agent: AGENT, station: "east", online: true }], doors: [], cameras: [], sensors: [], alarms: [], online: new Map([[AGENT, true]]), ...more };
}

function thing(kind: Thing["kind"], name: string): Thing {
  return { kind, name, label: name, to: "/", state: "ok", says: "online", alarms: 0 };
}

describe("a floor plan", () => {
  it("says of each thing how it is", () => {
    const door = { agent: AGENT, station: "store", guards: [], zones: [], open: true, index: 0 };
    expect(thingsOf(site({ doors: [door] })).map(({ kind, state, says }) => [kind, state, says])).toEqual([["zone", "warn", "yellow"], ["gate", "ok", "online"], ["door", "warn", "open"]]);
    expect(thingsOf(site({ doors: [door], online: new Map([[AGENT, false]]) })).slice(1).map(({ state }) => state)).toEqual(["off", "off"]);
  });

  it("shows an alarm where it is, also that of a whole agent", () => {
    expect(["nj01.gate-a:east", "nj01.gate-a", "nj01.gate-a:east.1", "nj01.gate-a:eastern", "nj01.gate-b:east"].map((place) => isAt(place, `${AGENT} east`))).toEqual([true, true, true, false, false]);
    const alarm = { place: ZONE.id } as Site["alarms"][number];
    expect(thingsOf(site({ alarms: [alarm] })).map(({ state, alarms }) => [state, alarms])).toEqual([["no", 1], ["ok", 0]]);
  });

  it("puts what has no place on the plan too, nothing on another", () => {
    const things = [..."abcdefg"].flatMap((name) => (["zone", "gate", "door", "camera", "sensor"] as const).map((kind) => thing(kind, name)));
    const all = laid(things, []);
    expect(new Set(all.map(({ x, y }) => `${x} ${y}`)).size).toBe(things.length);
    expect(all.every(({ x, y }) => x > 0 && x < FULL && y > 0 && y < FULL)).toBe(true);
  });

  it("keeps what was placed where it was put, and within the plan", () => {
    const marks: Mark[] = moved([{ kind: "gate", name: "a", x: 1, y: 2 }, { kind: "door", name: "a", x: 3, y: 4 }], { kind: "gate", name: "a" }, -50, FULL + 1);
    expect(marks).toEqual([{ kind: "door", name: "a", x: 3, y: 4 }, { kind: "gate", name: "a", x: 0, y: FULL }]);
    expect(laid([thing("gate", "a"), thing("gate", "b")], marks).map(({ x, y, fixed }) => [x, y, fixed])[0]).toEqual([0, FULL, true]);
  });
});
