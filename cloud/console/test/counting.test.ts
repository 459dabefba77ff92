import { describe, expect, it } from "vitest";

import { BATCH, type KeptScan, answered, found, isBad, isHeld, keyOf, nextBatch, timeAfter, unsent } from "../src/counting/queue";
import { type StockTake, counts } from "../src/counting/takes";

let made = 0;

function scan(change: Partial<KeptScan> = {}): KeptScan {
  made += 1;
  const at = new Date(Date.UTC(2026, 10, 26, 0, 0, made)).toISOString();
  const id = "nj01/I-1";
  return { key: `key-${made}`, take: "t", person: "p", thing: id, slot: "s", place: "s", quantity: null, taken_back: false, at, id, fate: null, ...change };
}

describe("scans on a phone", () => {
  it("are sent oldest first, in batches, and as the server knows them", () => {
    const scans = Array.from({ length: BATCH + 1 }, () => scan()).reverse();
    const batch = nextBatch(scans);
    expect(batch).toHaveLength(BATCH);
    expect(batch[0]!.key).toBe(scans.at(-1)!.key);
    expect(Object.keys(batch[0]!).sort()).toEqual(["at", "key", "quantity", "slot", "taken_back", "thing"]);
  });

  it("wait until the server says what became of each, and then wait no more", () => {
    const scans = [scan(), scan(), scan()];
    const changed = answered(scans, [{ key: scans[0]!.key, fate: "counted" }, { key: scans[2]!.key, fate: "unknown" }, { key: "none of ours", fate: "counted" }]);
    expect(changed.map((each) => each.fate)).toEqual(["counted", "unknown"]);
    const now = [changed[0]!, scans[1]!, changed[1]!];
    expect(unsent(now)).toEqual([scans[1]]);
    expect(now.map(isHeld)).toEqual([true, false, false]);
    expect(now.map(isBad)).toEqual([false, false, true]);
  });

  it("keep the first answer: one that comes twice changes nothing", () => {
    const counted = scan({ fate: "counted" });
    expect(answered([counted], [{ key: counted.key, fate: "repeated" }])).toEqual([]);
  });

  it("count by the last of each thing, and not once it was taken back", () => {
    const [first, other] = [scan({ id: "a", place: "s1" }), scan({ id: "b" })];
    const moved = scan({ id: "a", place: "s2" });
    expect(found([moved, first, other])).toEqual([moved, other]);
    expect(found([moved, first, other, scan({ id: "a", taken_back: true })])).toEqual([other]);
  });

  it("have times that only go forward, whatever the phone's clock does", () => {
    const last = scan();
    expect(timeAfter([last], new Date(Date.parse(last.at) + 5))).toBe(new Date(Date.parse(last.at) + 5).toISOString());
    expect(Date.parse(timeAfter([last], new Date(0)))).toBe(Date.parse(last.at) + 1);
    expect(timeAfter([], new Date(7))).toBe(new Date(7).toISOString());
  });

  it("have keys that the server takes", () => {
    expect(keyOf(new Uint8Array([0, 1, 254, 255]))).toBe("0001feff");
    expect(keyOf(new Uint8Array(16))).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
  });
});

describe("who counts", () => {
  const seat = (person: string | null, closed = false) => ({ person, closed, things: null });
  const take = (change: object) => ({ state: "counting", seat: null, opened_by: "boss", keeper: seat(null), bookkeeper: seat("b"), ...change }) as unknown as StockTake;

  it("is whoever has a seat and has not closed it, or may take a free one", () => {
    expect(counts(take({ seat: "bookkeeper" }), { id: "b", roles: ["bookkeeper"] })).toBe(true);
    expect(counts(take({ seat: "bookkeeper", bookkeeper: seat("b", true) }), { id: "b", roles: ["bookkeeper"] })).toBe(false);
    expect(counts(take({}), { id: "k", roles: ["keeper"] })).toBe(true);
    expect(counts(take({}), { id: "c", roles: ["bookkeeper"] })).toBe(false);
    expect(counts(take({}), { id: "boss", roles: ["keeper"] })).toBe(false);
    expect(counts(take({ state: "compared" }), { id: "k", roles: ["keeper"] })).toBe(false);
  });
});
