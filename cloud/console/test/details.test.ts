import { describe, expect, it } from "vitest";

import { fenIn, gramsIn, inOrder, kilograms, kindOf, listed, timeLeft, yuan } from "../src/acts/details";
import { path, qr } from "../src/acts/qr";
import { bytes, text } from "../src/acts/webauthn";
import { detailsOf } from "../src/history";
import type { HistoryRow } from "../src/api/types";

describe("details", () => {
  it("are of a kind that says how to ask and to show them", () => {
    expect(["weight_g", "photos", "due_at", "reason", "brand_new"].map(kindOf)).toEqual(["grams", "photos", "time", "text", "text"]);
  });

  it("stand in the order in which people want them, what is unknown last", () => {
    expect(listed({ reason: "x", strange: 1, weight_g: 5, seal_number: "F1" }).map((each) => each.name)).toEqual(["seal_number", "weight_g", "reason", "strange"]);
    expect(inOrder(["reason", "legal_basis", "method"])).toEqual(["method", "legal_basis", "reason"]);
  });

  it("are weights in kilograms and money in yuan", () => {
    expect(kilograms(12_345, "en")).toBe("12.345");
    expect(kilograms(1_234_000, "zh-CN")).toBe("1,234");
    expect(yuan(123_456, "zh-CN")).toBe("¥1,234.56");
  });
});

describe("what is typed", () => {
  it("is a weight to the gram, without the faults of floats", () => {
    expect(["12.5", "0.001", "4,35", "1.005", " 7 "].map(gramsIn)).toEqual([12_500, 1, 4350, 1005, 7000]);
    expect(["", "0", "-1", "1.2345", "abc", "1e3"].map(gramsIn)).toEqual([null, null, null, null, null, null]);
  });

  it("is money to the fen", () => {
    expect(["4.35", "1.1", "0", "50000"].map(fenIn)).toEqual([435, 110, 0, 5_000_000]);
    expect(fenIn("1.234")).toBeNull();
  });
});

describe("the time left", () => {
  it("is taken apart, and never below nothing", () => {
    expect(timeLeft(((2 * 24 + 3) * 60 + 4) * 60_000)).toEqual({ days: 2, hours: 3, minutes: 4, seconds: 0 });
    expect(timeLeft(-5)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 0 });
  });
});

describe("base64url", () => {
  it("goes both ways, without padding", () => {
    expect(text(new Uint8Array([251, 255, 0]))).toBe("-_8A");
    expect([...bytes("-_8A")]).toEqual([251, 255, 0]);
    expect(text(bytes("AQ"))).toBe("AQ");
  });
});

describe("the QR code of a pass", () => {
  const side = (code: boolean[][]) => code.length;
  it("is as large as its text needs and no larger", () => {
    expect(side(qr("A".repeat(20)))).toBe(21); // ISO/IEC 18004: 20 characters in version 1-M
    expect(side(qr("A".repeat(21)))).toBe(25);
    expect([154, 155, 178, 179, 311, 312].map((length) => side(qr("A".repeat(length))))).toEqual([41, 45, 45, 49, 57, 61]);
  });

  it("has its three finders, its timing and its dark module", () => {
    const code = qr("ST1:PASS");
    const last = code.length - 1;
    for (const [x, y] of [[3, 3], [last - 3, 3], [3, last - 3]] as const) {
      expect([code[y]![x], code[y]![x + 2], code[y]![x + 3]]).toEqual([true, false, true]);
    }
    expect(code[6]!.slice(8, last - 7).every((black, at) => black === (at % 2 === 0))).toBe(true);
    expect(code[last - 7]![8]).toBe(true);
    expect(path(code)).toMatch(/^M0 0h1v1h-1z/);
  });

  it("says a link in bytes, and no to what is too long", () => {
    expect(side(qr("a".repeat(14)))).toBe(21); // ISO/IEC 18004: 14 bytes in version 1-M
    expect(side(qr("a".repeat(15)))).toBe(25);
    expect([122, 123, 180, 181, 213, 214].map((length) => side(qr("a".repeat(length))))).toEqual([45, 49, 53, 57, 57, 61]);
    expect(() => qr("A".repeat(2000))).toThrow(RangeError);
  });
});

describe("a history", () => {
  function row(kind: string, content: Record<string, unknown>): HistoryRow {
    return { kind, content, type: "record" } as HistoryRow;
  }

  it("tells a step with its details, its hands and what it made", () => {
    const told = detailsOf(
      row("custody_step", {
        action: "seal", details: { weight_g: 5 }, hands: [{ person: "nj01/U-1", at: "x", passkey: true, seat: 0 }],
        made: [{ package: "nj01/P-1" }, { item: "nj01/I-2" }],
      }), // prettier-ignore
    );
    expect(told).toMatchObject({ action: "seal", details: { weight_g: 5 }, made: ["nj01/P-1", "nj01/I-2"], outcome: null });
    expect(told.hands.map((hand) => [hand.person, hand.passkey])).toEqual([["nj01/U-1", true]]);
  });

  it("tells what was asked for, who signed by what, and which rule refused", () => {
    expect(detailsOf(row("act_proposed", { content: { act: "nj01/A-1", action: "handover", details: { differences: [] } } }))).toMatchObject({ action: "handover", act: "nj01/A-1" });
    expect(detailsOf(row("act_signed", { act: "nj01/A-1", person: "nj01/U-1", signature: null })).hands).toEqual([{ person: "nj01/U-1", at: null, passkey: false }]);
    expect(detailsOf(row("act_refused", { action: "sign", reason: "same_person" }))).toMatchObject({ action: "sign", reason: "same_person" });
  });

  it("says nothing of a step for what is none", () => {
    expect(detailsOf(row("label_issued", { issue: 2 }))).toMatchObject({ action: null, details: null, hands: [], made: [] });
  });
});
