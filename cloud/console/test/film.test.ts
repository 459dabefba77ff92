import { describe, expect, it } from "vitest";

import { secondIn } from "../src/film/clips";

const SEGMENTS = [0, 1, 3].map((second) => ({ begun: `2026-11-22T03:00:0${second}.000000Z`, ended: `2026-11-22T03:00:0${second + 1}.000000Z` }));

describe("film begins", () => {
  it("at the second in the segment that shows it", () => {
    expect(secondIn(SEGMENTS, "2026-11-22T03:00:01.250000Z")).toEqual({ number: 1, from_s: 0.25 });
    expect(secondIn(SEGMENTS, "2026-11-22T03:00:03.000000Z")).toEqual({ number: 2, from_s: 0 });
  });

  it("with the first one where no segment shows it, or nobody says which second", () => {
    for (const at of ["2026-11-22T03:00:02.500000Z", "2026-11-22T02:59:59Z", "soon", undefined]) expect(secondIn(SEGMENTS, at)).toEqual({ number: 0, from_s: 0 });
  });
});
