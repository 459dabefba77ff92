import { describe, expect, it } from "vitest";

import { printedOn } from "../src/labels";
import { cellAfter, layRacks, placeOf } from "../src/warehouse/racks";
import { MOST, faultIn, namesIn, pieces } from "../src/warehouse/range";

const named = (...names: string[]) => names.map((name) => ({ name }));

describe("a slot's name", () => {
  it("tells row, bay and level; a row may hold hyphens itself", () => {
    expect(placeOf("A-01-03")).toEqual({ row: "A", bay: "01", level: "03" });
    expect(placeOf("N-2-01-03")).toEqual({ row: "N-2", bay: "01", level: "03" });
    expect(placeOf("F-12")).toEqual({ row: "F", bay: "12", level: "" });
  });

  it("may tell no place at all", () => {
    expect(placeOf("SAFE")).toBeNull();
    expect(placeOf("A--1")).toBeNull();
  });
});

describe("racks", () => {
  it("stand as one sees them: rows and bays in order, the highest level on top, gaps left open", () => {
    const { racks, others } = layRacks(named("B-1-1", "A-10-1", "A-2-1", "A-2-2", "SAFE"));
    expect(racks.map((rack) => rack.row)).toEqual(["A", "B"]);
    expect(racks[0]!.bays).toEqual(["2", "10"]);
    expect(racks[0]!.levels).toEqual(["2", "1"]);
    expect(racks[0]!.cells.map((level) => level.map((cell) => cell?.name ?? null))).toEqual([["A-2-2", null], ["A-2-1", "A-10-1"]]);
    expect(others).toEqual([{ name: "SAFE" }]);
  });

  it("keep every slot, however many there are", () => {
    const names = namesIn({ row: "A", firstBay: 1, lastBay: 50, firstLevel: 1, lastLevel: 20 });
    const cells = layRacks(named(...names)).racks[0]!.cells.flat();
    expect(new Set(cells.map((cell) => cell?.name))).toEqual(new Set(names));
  });

  it("are walked by arrow keys, over gaps and never off the edge", () => {
    const { cells } = layRacks(named("A-1-1", "A-3-1", "A-3-2", "A-2-3")).racks[0]!;
    expect(cellAfter(cells, 2, 0, "ArrowRight")).toEqual([2, 2]);
    expect(cellAfter(cells, 2, 2, "ArrowUp")).toEqual([1, 2]);
    expect(cellAfter(cells, 2, 2, "ArrowRight")).toEqual([2, 2]);
    expect(cellAfter(cells, 2, 2, "Home")).toEqual([2, 0]);
    expect(cellAfter(cells, 2, 0, "End")).toEqual([2, 2]);
  });
});

describe("a range of slots", () => {
  const range = { row: "A", firstBay: 9, lastBay: 10, firstLevel: 1, lastLevel: 2 };

  it("names them so that they sort as they stand", () => {
    const names = namesIn(range);
    expect(names).toEqual(["A-09-01", "A-09-02", "A-10-01", "A-10-02"]);
    expect([...names].sort()).toEqual(names);
    expect(namesIn({ ...range, firstBay: 99, lastBay: 100, lastLevel: 1 })).toEqual(["A-099-01", "A-100-01"]);
  });

  it("that is wrong says in what", () => {
    expect(faultIn(range)).toBeNull();
    expect(faultIn({ ...range, row: "A B" })).toBe("row");
    expect(faultIn({ ...range, row: "" })).toBe("row");
    expect(faultIn({ ...range, lastBay: 8 })).toBe("bays");
    expect(faultIn({ ...range, firstLevel: Number.NaN })).toBe("levels");
    expect(faultIn({ ...range, firstBay: 1, lastBay: MOST })).toBe("many");
  });

  it("is sent in pieces that the server takes", () => {
    expect(pieces([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(pieces([], 2)).toEqual([]);
  });
});

describe("a sheet of stickers", () => {
  it("is printed from the first free one on", () => {
    expect([1, 2, 3, 4, 5].filter((sticker) => printedOn(sticker, 3, 2))).toEqual([3, 4]);
  });
});
