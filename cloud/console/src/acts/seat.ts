// Whether my hand is asked for on an act, and for what part of it.

import type { Act, Hand } from "../api/types";

export type Part = "begin" | "end";

/**
 * What I may sign now; null when nothing. Of a live act (`live_s`: all are there at once) a hand counts only so long:
 * who signed before that may sign again.
 */
export function partForMe(act: Act, me: string, live_s: number | null, now: number): Part | null {
  if (act.ended !== null || now > Date.parse(act.expires_at)) return null;
  const own = (part: Part) => act.hands.find((hand) => hand.person === me && hand.part === part);
  if (act.ending) {
    if (own("begin") === undefined) return null;
    return stale(own("end"), live_s, now) ? "end" : null;
  }
  if (own("begin") !== undefined) return live_s !== null && stale(own("begin"), live_s, now) ? "begin" : null;
  return act.mine ? "begin" : null;
}

/** Until when the hands that are there count, on a live act that has begun; null where that is no matter. */
export function togetherUntil(act: Act, live_s: number | null): string | null {
  if (live_s === null || act.ended !== null) return null;
  const part = act.ending ? "end" : "begin";
  const times = stillCounting(act.hands, live_s).filter((hand) => hand.part === part).map((hand) => Date.parse(hand.at));
  return times.length ? new Date(Math.min(...times) + live_s * 1000).toISOString() : null;
}

/** Of the hands on a live act, those as close to the newest of their part as asked (hands_of in cloud/evidence/acts.py). */
export function stillCounting(hands: readonly Hand[], live_s: number): Hand[] {
  const newest = (part: Part) => Math.max(...hands.filter((hand) => hand.part === part).map((hand) => Date.parse(hand.at)));
  return hands.filter((hand) => newest(hand.part) - Date.parse(hand.at) <= live_s * 1000);
}

function stale(hand: Hand | undefined, live_s: number | null, now: number): boolean {
  return hand === undefined || (live_s !== null && now - Date.parse(hand.at) > live_s * 1000);
}
