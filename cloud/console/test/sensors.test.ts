import { describe, expect, it } from "vitest";

import type { Gap, Reading, SensorContact, SensorValue } from "../src/api/types";
import { devicesOf, written } from "../src/sensors/rooms";
import { trendOf } from "../src/sensors/trend";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 3, minute)).toISOString();
const reading = (minute: number, value: number, low = value, high = value): Reading => ({ index: minute, value, low, high, at: at(minute) });
const gap = (since: number, until: number): Gap => ({ index: since, count: 3, since: at(since), until: at(until), why: ["space"] });

describe("a value over time", () => {
  it("is drawn from the oldest to the newest, the highest at the top", () => {
    const trend = trendOf([reading(10, 30), reading(5, 20), reading(0, 10)]);
    expect(trend?.line).toBe("0,100 50,50 100,0");
    expect([trend?.low, trend?.high, trend?.since, trend?.until]).toEqual([10, 30, at(0), at(10)]);
  });

  it("shows the extremes between two readings, and the scale has room for them", () => {
    const trend = trendOf([reading(10, 20), reading(0, 20, 10, 30)]);
    expect(trend?.band).toBe("0,0 100,50 100,50 0,100");
    expect([trend?.low, trend?.high]).toEqual([10, 30]);
  });

  it("shows what was left out where it was, and not what lies beside", () => {
    const trend = trendOf([reading(10, 20), reading(0, 20)], [gap(4, 6), gap(20, 30)]);
    expect(trend?.gaps.map((one) => [one.x, one.width])).toEqual([[40, 20]]);
  });

  it("is a level line where nothing changed, and nothing where there is one moment", () => {
    expect(trendOf([reading(10, 20), reading(0, 20)])?.line).toBe("0,50 100,50");
    expect(trendOf([reading(0, 20)])).toBeNull();
    expect(trendOf([])).toBeNull();
  });
});

describe("devices", () => {
  const value = (device: string): SensorValue => ({
    agent: "nj01.room", station: "room", device, measures: "humidity", unit: "%", value: 40, low: 40, high: 40, at: at(0), index: 1,
  });
  const contact = (device: string, active: boolean): SensorContact => ({
    agent: "nj01.room", station: "room", device, contact: "roof", sensor: "alarmpanel", active, at: at(0), index: 1,
  });

  it("have all that they tell together, those in alarm first", () => {
    const found = devicesOf([value("room.air"), value("room.panel")], [contact("room.panel", false), contact("room.zone", true)]);
    expect(found.map((one) => [one.device, one.values.length, one.contacts.length])).toEqual([
      ["room.zone", 0, 1], ["room.air", 1, 0], ["room.panel", 1, 1],
    ]);
  });

  it("write at most one digit behind the point", () => {
    expect([written(21.456, "en"), written(40, "zh-CN"), written(-0.04, "en")]).toEqual(["21.5", "40", "0"]);
  });
});
