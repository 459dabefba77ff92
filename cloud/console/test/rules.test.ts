import { describe, expect, it } from "vitest";

import { clocks, progress } from "../src/acts/clocks";
import { type Content, type Subject, atTheGate, hoursOf, inWords, may, offers, seatsOf } from "../src/acts/rules";
import { partForMe, stillCounting, togetherUntil } from "../src/acts/seat";
import type { Act } from "../src/api/types";

const CONTENT: Content = {
  states: {
    sealed: { zh: "已封箱", en: "Sealed" },
    stored: { zh: "在库", en: "Stored" },
    leaving: { zh: "处置出库", en: "Leaving" },
    destroyed: { zh: "已销毁", en: "Destroyed", final: true },
  },
  steps: [
    { action: "seal", from: ["intake"], to: "sealed", kinds: ["item"], seats: [["keeper"], ["inspector"]], held: true, rule: "r.seal" },
    { action: "handover", from: ["sealed"], to: "received", seats: [["inspector"], ["keeper"]], held: true, rule: "r.handover" },
    { action: "stock_in", from: ["received"], to: "arrived", by: "gate", held: true, rule: "r.in" },
    { action: "move", from: ["stored"], to: "stored", seats: [["keeper"]], held: true, rule: "r.move" },
    { action: "open", from: ["stored"], to: "opened", kinds: ["package"], live_s: 300, seats: [["keeper"], ["inspector"]], held: true, rule: "r.open" },
    {
      action: "approve_release", from: ["stored"], to: "release_approved", seats: [["keeper"], ["approver"]], more: [["leader"]],
      above_fen: 5_000_000, passkey: ["approver", "leader"], held: false, rule: "r.release",
    }, // prettier-ignore
    { action: "auction", from: ["leaving"], to: "auctioned", seats: [["keeper"], ["case_handler"]], held: false, rule: "r.auction" },
    { action: "destroy", from: ["leaving"], to: "destroyed", seats: [["keeper"], ["supervisor"]], held: false, rule: "r.destroy" },
    { action: "correct", from: "any", to: "same", seats: [["keeper"], ["approver"]], passkey: ["approver"], held: true, rule: "r.correct" },
  ],
  rights: { open_case: ["inspector"] },
  limits: { preservation: { days: 7, basis: { zh: "七日", en: "seven days" } }, case_decision: { days: 90, basis: { zh: "九十日", en: "ninety days" } } },
};

function thing(state: string, rest: Partial<Subject> = {}): Subject {
  return { kind: "package", state, held: false, value_fen: 0, method: null, ...rest };
}

const names = (subject: Subject, ...roles: Parameters<typeof offers>[2]) => offers(CONTENT, subject, roles).map((offer) => offer.step.action);

describe("the steps that are offered", () => {
  it("are those from this state that one of my roles has a seat in, what leads on first and what is rare last", () => {
    expect(names(thing("stored"), "keeper")).toEqual(["open", "approve_release", "move", "correct"]);
    expect(names(thing("stored"), "inspector")).toEqual(["open"]);
    expect(names(thing("stored"), "auditor")).toEqual([]);
  });

  it("are for the kind of thing that the rules name", () => {
    expect(names(thing("stored", { kind: "item" }), "keeper")).not.toContain("open");
  });

  it("are never a gate's own, which are told apart", () => {
    expect(names(thing("received"), "keeper")).toEqual(["correct"]);
    expect(atTheGate(CONTENT, thing("received")).map((step) => step.action)).toEqual(["stock_in"]);
  });

  it("leave out what a legal hold forbids", () => {
    expect(names(thing("stored", { held: true }), "keeper")).toEqual(["open", "move", "correct"]);
  });

  it("dispose only in the way that was approved", () => {
    expect(names(thing("leaving", { method: "auction" }), "keeper")).toEqual(["auction", "correct"]);
    expect(names(thing("leaving"), "keeper")).toEqual(["correct"]);
  });

  it("end in a final state, even those from any", () => {
    expect(names(thing("destroyed"), "keeper", "approver")).toEqual([]);
  });

  it("ask for one more hand from the value on that the rules name", () => {
    const release = CONTENT.steps?.find((step) => step.action === "approve_release");
    expect(seatsOf(release!, 4_999_999)).toHaveLength(2);
    expect(seatsOf(release!, 5_000_000)).toEqual([["keeper"], ["approver"], ["leader"]]);
    expect(names(thing("stored", { value_fen: 5_000_000 }), "leader")).toEqual(["approve_release"]);
    expect(names(thing("stored"), "leader")).toEqual([]);
  });

  it("are done at once where one hand is enough, without a passkey, and nobody has to stay", () => {
    const alone = Object.fromEntries(offers(CONTENT, thing("stored"), ["keeper"]).map((offer) => [offer.step.action, offer.alone]));
    expect(alone).toEqual({ open: false, approve_release: false, move: true, correct: false });
  });
});

describe("other words of the pack", () => {
  it("say who may what, how long, and in which language", () => {
    expect(may(CONTENT, "open_case", ["keeper", "inspector"])).toBe(true);
    expect(may(CONTENT, "open_case", ["keeper"])).toBe(false);
    expect(may(null, "open_case", ["inspector"])).toBe(false);
    expect(hoursOf(CONTENT, "preservation")).toBe(168);
    expect(hoursOf(CONTENT, "nothing")).toBeNull();
    expect(inWords({ zh: "在库", en: "Stored" }, "zh-CN")).toBe("在库");
    expect(inWords(undefined, "en")).toBeNull();
  });

  it("leave a pack of the first format, which has no steps, without any", () => {
    expect(offers({}, thing("stored"), ["keeper"])).toEqual([]);
  });
});

describe("a case's clocks", () => {
  it("count the days left, up, and say when they are over", () => {
    const [first, second] = clocks(CONTENT, "2026-11-01T00:00:00Z", new Date("2026-11-05T12:00:00Z"));
    expect([first?.name, first?.days, second?.days]).toEqual(["preservation", 3, 86]);
    expect(first?.part).toBeCloseTo(4.5 / 7);
    expect(clocks(CONTENT, "2026-11-01T00:00:00Z", new Date("2026-11-09T01:00:00Z"))[0]?.days).toBe(-1);
  });

  it("and progress count every thing once", () => {
    expect(progress(["intake", "stored", "opened", "out", "destroyed"])).toEqual({ registered: 1, sealed: 0, handed_over: 0, stored: 2, away: 1, ended: 1 });
  });
});

describe("my part of an act", () => {
  const NOW = Date.parse("2026-11-22T03:10:00Z");
  const hand = (person: string, at: string, part: "begin" | "end" = "begin") => ({ person, name: person, part, seat: 0, passkey: false, at });
  function act(rest: Partial<Act>): Act {
    return { ended: null, ending: false, mine: false, expires_at: "2026-11-23T00:00:00Z", hands: [], ...rest } as Act;
  }

  it("is to sign where it waits for me, in time", () => {
    expect(partForMe(act({ mine: true }), "me", null, NOW)).toBe("begin");
    expect(partForMe(act({ mine: false }), "me", null, NOW)).toBeNull();
    expect(partForMe(act({ mine: true, ended: "done" }), "me", null, NOW)).toBeNull();
    expect(partForMe(act({ mine: true, expires_at: "2026-11-22T03:00:00Z" }), "me", null, NOW)).toBeNull();
  });

  it("is the end where all are there, and again once my end has grown old", () => {
    const hands = [hand("me", "2026-11-22T03:00:00Z")];
    expect(partForMe(act({ ending: true, hands }), "me", 300, NOW)).toBe("end");
    expect(partForMe(act({ ending: true, hands: [...hands, hand("me", "2026-11-22T03:08:00Z", "end")] }), "me", 300, NOW)).toBeNull();
    expect(partForMe(act({ ending: true, hands: [...hands, hand("me", "2026-11-22T03:04:00Z", "end")] }), "me", 300, NOW)).toBe("end");
    expect(partForMe(act({ ending: true, hands: [hand("other", "2026-11-22T03:00:00Z")] }), "me", 300, NOW)).toBeNull();
  });

  it("comes again where all stay and I signed the beginning too long ago", () => {
    expect(partForMe(act({ hands: [hand("me", "2026-11-22T03:04:00Z")] }), "me", 300, NOW)).toBe("begin");
    expect(partForMe(act({ hands: [hand("me", "2026-11-22T03:08:00Z")] }), "me", 300, NOW)).toBeNull();
    expect(togetherUntil(act({ hands: [hand("me", "2026-11-22T03:08:00Z")] }), 300)).toBe("2026-11-22T03:13:00.000Z");
    expect(togetherUntil(act({}), null)).toBeNull();
    const hands = [hand("me", "2026-11-22T03:00:00Z"), hand("other", "2026-11-22T03:08:00Z"), hand("me", "2026-11-22T03:01:00Z", "end")];
    expect(stillCounting(hands, 300).map((each) => each.at.slice(14, 16))).toEqual(["08", "01"]);
  });
});
