import { describe, expect, it } from "vitest";

import { changesOf, citedBy, fieldsOf, standing, typedOf, valueOf } from "../src/acts/correcting";
import type { HistoryRow } from "../src/api/types";

const NOW = { name: "卷烟", brand: null, sku: "690", quantity: 50, unit: "条", value_fen: 12_345, weight_g: 12_500, parties: ["甲", "乙"] };
const typed = Object.fromEntries(Object.keys(NOW).map((name) => [name, typedOf(name, NOW[name as keyof typeof NOW])]));

describe("a correction", () => {
  it("begins as what is registered, and changes nothing by itself", () => {
    expect(typed).toMatchObject({ brand: "", quantity: "50", value_fen: "123.45", weight_g: "12.5", parties: "甲\n乙" });
    expect(changesOf(Object.keys(NOW), NOW, typed)).toEqual({ changes: {}, bad: [] });
    expect(changesOf(["name", "parties"], NOW, { name: " 卷烟 ", parties: "甲、乙" })).toEqual({ changes: {}, bad: [] });
  });

  it("is what was typed otherwise, nothing where that may be", () => {
    const more = { ...typed, name: "雪茄", sku: " ", quantity: "5", value_fen: "1", parties: "甲\n\n丙、甲" };
    expect(changesOf(Object.keys(NOW), NOW, more)).toEqual({ changes: { name: "雪茄", sku: null, quantity: 5, value_fen: 100, parties: ["甲", "丙"] }, bad: [] });
  });

  it("names what has not the right form", () => {
    const wrong = { ...typed, name: " ", quantity: "0", value_fen: "x", weight_g: "-1" };
    expect(changesOf(Object.keys(NOW), NOW, wrong).bad).toEqual(["name", "quantity", "value_fen", "weight_g"]);
    expect(valueOf("scene", "")).toBeNull();
    expect(valueOf("title", "")).toBeUndefined();
  });

  it("asks nothing of a packed item that is its package's", () => {
    expect(fieldsOf("item", true)).not.toContain("weight_g");
    expect(fieldsOf("item", false)).toContain("weight_g");
    expect(fieldsOf("case", false)).toEqual(["title", "parties", "vehicles", "scene"]);
    const custody = { weight_g: 5, size: "m" };
    expect(standing({ custody, package_id: "nj01/P-1" })).toMatchObject({ weight_g: null, size: null });
    expect(standing({ custody, package_id: null })).toMatchObject(custody);
  });

  it("cites the newest entry that tells what it corrects", () => {
    const row = (index: number, kind: string, content: object, erased = false) => ({ index, kind, content, erased }) as unknown as HistoryRow;
    const rows = [
      row(1, "item_registered", { item: "nj01/I-1" }),
      row(2, "item_registered", { item: "nj01/I-2" }),
      row(3, "custody_step", { action: "correct", things: ["nj01/I-1"], details: { changes: { name: "x" } } }),
      row(4, "custody_step", { action: "weigh", things: ["nj01/I-1"], details: { weight_g: 5 } }),
      row(5, "label_issued", { thing: "nj01/I-1" }),
      row(6, "custody_step", { action: "weigh", things: ["nj01/I-1"], details: { weight_g: 5 } }, true),
    ];
    expect(citedBy(rows, "nj01/I-1", ["name"])).toBe(3);
    expect(citedBy(rows, "nj01/I-1", ["unit"])).toBe(1);
    expect(citedBy(rows, "nj01/I-1", ["weight_g"])).toBe(4);
    expect(citedBy([row(7, "custody_step", { action: "split", things: ["nj01/I-0"], made: [{ item: "nj01/I-9" }] })], "nj01/I-9", ["name"])).toBe(7);
    expect(citedBy([], "nj01/I-1", ["name"])).toBeNull();
  });
});
