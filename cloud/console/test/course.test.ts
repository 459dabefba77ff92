import { describe, expect, it } from "vitest";

import type { Course, CoursePoint } from "../src/api/types";
import { drawnOf, LONGEST_MS, moved, nearest, runsOf, SHORTEST_MS, zoomed } from "../src/sensors/course";

const BEGIN = Date.parse("2026-11-22T03:00:00Z");
const point = (second: number, mean: number): CoursePoint => ({
  at: new Date(BEGIN + second * 1000).toISOString(), n: 1, low: mean - 1, high: mean + 1, mean,
});
const course = (points: CoursePoint[], step: Course["step"] = "raw"): Course => ({
  unit: "°C", step, error_ms: 10, points, gaps: [],
});

describe("a course", () => {
  it("is broken where nothing was measured, and never a line across", () => {
    const points = [point(0, 20), point(1, 21), point(2, 20), point(30, 22), point(31, 22)];
    expect(runsOf(points, "raw").map((run) => run.length)).toEqual([3, 2]);
    expect(drawnOf(course(points), { since: BEGIN, until: BEGIN + 40_000 })?.lines).toHaveLength(2);
  });

  it("is broken by a single bucket that is missing", () => {
    const hours = [0, 1, 3, 4].map((hour) => point(hour * 3600, 20));
    expect(runsOf(hours, "hour").map((run) => run.length)).toEqual([2, 2]);
  });

  it("shows the extremes as a band, and nothing where there is nothing", () => {
    const span = { since: BEGIN, until: BEGIN + 2000 };
    const drawn = drawnOf(course([point(0, 20), point(1, 24)]), span);
    expect([drawn?.low, drawn?.high]).toEqual([19, 25]);
    expect(drawn?.bands[0]).toBe("0,66.67 50,0 50,33.33 0,100");
    expect(drawnOf(course([]), span)).toBeNull();
  });

  it("is zoomed about the pointer, within bounds, and moved by a part", () => {
    const span = { since: 0, until: 100_000 };
    expect(zoomed(span, 0.5, 0.25)).toEqual({ since: 12_500, until: 62_500 });
    expect(zoomed(span, 0.001, 0.5).until - zoomed(span, 0.001, 0.5).since).toBe(SHORTEST_MS);
    expect(zoomed(span, 1e9, 0.5).until - zoomed(span, 1e9, 0.5).since).toBe(LONGEST_MS);
    expect(moved(span, -0.25)).toEqual({ since: -25_000, until: 75_000 });
  });

  it("tells the nearest point", () => {
    const points = [point(0, 20), point(10, 21)];
    expect(nearest(points, { since: BEGIN, until: BEGIN + 10_000 }, 0.8)?.mean).toBe(21);
    expect(nearest([], { since: BEGIN, until: BEGIN + 10_000 }, 0.8)).toBeNull();
  });
});
