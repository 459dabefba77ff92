import { describe, expect, it } from "vitest";

import { kindOf, measured } from "../src/alarms/details";

describe("a detail of an alarm", () => {
  it("is told by what it is", () => {
    expect(kindOf("at", "2026-11-27T03:26:25.664605+00:00")).toBe("time");
    expect(kindOf("recorded", "nj01/P-G7P2JNPORX")).toBe("thing");
    expect(kindOf("stock_take", "nj01/T-HWTZ2UTI66")).toBe("thing");
    expect(kindOf("ticket", "nj01/T-507")).toBe("plain"); // a ticket, whose page is found otherwise
    expect(kindOf("task", "nj01/K-PYUEPS6Y7H")).toBe("plain"); // no page of its own
    expect(kindOf("entry", 124)).toBe("entry");
    expect(kindOf("heads", 2)).toBe("plain");
  });

  it("has its unit", () => {
    expect(measured("before_g", 3002, "en")).toBe("3.002 kg");
    expect(measured("open_ms", 6013, "en")).toBe("6.013 s");
    expect(measured("left_bytes", 1_500_000_000, "en")).toBe("1.5 GB");
    expect(measured("heads", 2, "en")).toBe("2");
    expect(measured("label", "nj01/P-1", "en")).toBeNull();
  });
});
