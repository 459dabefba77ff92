// What waits for me, for the badge in the header and the page of tasks. The live stream tells of gates and alarms
// only, so we ask: every half minute, when the page comes back into view, and after every act of our own.

import { computed, readonly, ref, shallowRef } from "vue";

import { call } from "../api/client";
import type { Act, ActResult } from "../api/types";
import { type StockTake, takesFor } from "../counting/takes";
import { person } from "../session";
import { inTurn } from "../turns";

const EVERY_MS = 30_000;

const rows = shallowRef<Act[]>([]);
const takes = shallowRef<StockTake[]>([]);
const problem = shallowRef<unknown>(null);
const known = ref(false);
const askedAt = ref<Date | null>(null);

/** All acts that wait at my site, newest first. */
export const waiting = readonly(rows);
/** Why the newest try failed; null when it did not. What is shown may be older then. */
export const waitingProblem = readonly(problem);
export const waitingKnown = readonly(known);
export const waitingAskedAt = readonly(askedAt);
/** Those that wait for me. */
export const mine = computed(() => rows.value.filter((act) => act.mine));
/** The stock-takes that wait for my count. */
export const toCount = readonly(takes);
/** How much waits for me in all. */
export const tasks = computed(() => mine.value.length + takes.value.length);
/** Those that I have begun or signed, and that wait for others. */
export const others = computed(() =>
  rows.value.filter((act) => !act.mine && [act.proposed_by, ...act.hands.map((hand) => hand.person)].includes(me())),
);

const me = () => person.value?.id ?? "";

/** Asks anew what waits, also where an answer is under way, which may know nothing of what was just done; never throws. */
export const refreshWaiting = inTurn(ask);

/** Asks for an act, of things of which entry `seen` was the newest; what waits is asked anew. Throws Problem. */
export async function propose(action: string, things: string[], details: Record<string, unknown>, seen: number | null): Promise<ActResult> {
  const result = (await call("post", "/api/v1/acts", { body: { action, things, details }, ifMatch: seen })) as ActResult;
  void refreshWaiting();
  return result;
}

async function ask(): Promise<void> {
  try {
    const found: Act[] = [];
    for (let after: number | null = null; ; ) {
      const page: { rows: Act[]; next: number | null } = await call("get", "/api/v1/acts", { query: { waiting: true, after, limit: 200 } });
      found.push(...page.rows);
      if (page.next === null) break;
      after = page.next;
    }
    takes.value = person.value ? await takesFor(person.value) : [];
    rows.value = found;
    problem.value = null;
    known.value = true;
    askedAt.value = new Date();
  } catch (error) {
    problem.value = error;
  }
}

/** Keeps what waits up to date until the returned function is called. */
export function keepWaiting(): () => void {
  const look = () => void (document.visibilityState === "visible" && refreshWaiting());
  const timer = setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  void refreshWaiting();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    removeEventListener("online", look);
    rows.value = [];
    takes.value = [];
    known.value = false;
  };
}
