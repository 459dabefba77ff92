import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { wait_ms } from "../src/live/backoff";
import { clockTime, dayOf, exactUtc, fullTime, zoneName } from "../src/time";

const AT = "2026-11-22T03:24:00.123456Z";
const SHANGHAI = "Asia/Shanghai";

describe("times", () => {
  it("are shown in the viewer's zone, without the date on the same day", () => {
    const today = new Date("2026-11-22T04:00:00Z");
    expect(clockTime(AT, "zh-CN", today, SHANGHAI)).toBe("11:24:00");
    expect(clockTime(AT, "en", today, "America/New_York")).toBe("22:24:00");
  });

  it("have the date on another day of the viewer, even within a day's hours", () => {
    const evening = new Date("2026-11-22T16:30:00Z"); // already the 23rd in Shanghai
    expect(clockTime(AT, "zh-CN", evening, SHANGHAI)).toBe("11月22日 11:24:00");
    expect(clockTime(AT, "en", evening, SHANGHAI)).toBe("Nov 22, 11:24:00");
  });

  it("say midnight as 00 and not 24", () => {
    expect(clockTime("2026-11-22T16:00:00Z", "en", new Date("2026-11-22T17:00:00Z"), SHANGHAI)).toBe("00:00:00");
  });

  it("keep every recorded digit in UTC", () => {
    expect(exactUtc(AT)).toBe("2026-11-22 03:24:00.123456 UTC");
    expect(exactUtc("2026-11-22T03:24:00.1+00:00")).toBe("2026-11-22 03:24:00.1 UTC");
    expect(exactUtc("2026-11-22T11:24:00.500+08:00")).toBe("2026-11-22 03:24:00.500 UTC");
    expect(exactUtc("no time")).toBe("no time");
  });

  it("are written out in both languages", () => {
    expect(dayOf(AT, "zh-CN", SHANGHAI)).toBe("2026年11月22日星期日");
    expect(dayOf(AT, "en", SHANGHAI)).toBe("Sunday, November 22, 2026");
    expect(fullTime(AT, "zh-CN", SHANGHAI)).toBe("2026/11/22 11:24:00");
    expect(zoneName("en", SHANGHAI)).toBe("GMT+8");
  });
});

describe("waiting between tries", () => {
  it("doubles up to the most", () => {
    expect([0, 1, 2, 3, 20].map((failures) => wait_ms(failures, 10_000))).toEqual([500, 1000, 2000, 4000, 10_000]);
  });
});

describe("every page", () => {
  it("shows a time by the parts that tell the exact UTC on hover, or tells it beside", () => {
    const source = new URL("../src/", import.meta.url);
    const lines = readdirSync(source, { recursive: true, encoding: "utf-8" })
      .filter((name) => name.endsWith(".vue"))
      .flatMap((name) => readFileSync(new URL(name, source), "utf-8").split("\n").map((line) => [name, line] as const));
    const shown = lines.filter(([, line]) => /\{\{[^}]*\b(fullTime|clockTime|minute)\(|toLocale(Time|Date)?String\(/.test(line));
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.filter(([, line]) => !line.includes("exactUtc("))).toEqual([]);
  });
});
