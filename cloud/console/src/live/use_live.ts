import { onUnmounted, reactive, ref, shallowRef } from "vue";

import { call } from "../api/client";
import type { Agent, Alarm, Passage } from "../api/types";
import { latest } from "../turns";
import { type Outcome, belongs, merge, settle } from "./merge";
import { follow } from "./stream";
import { useConnection } from "./use_connection";

/** Passages of one kind of outcome: those from before are asked for, those to come arrive by themselves. */
export interface Feed {
  rows: Passage[];
  next: number | null;
  state: "empty" | "loading" | "ready" | "failed";
  problem: unknown;
  /** How many rows are kept when new ones come: more, once somebody has asked for older ones. */
  most: number;
}

type Ending = { index: number } & Partial<Pick<Passage, "crossed_index" | "abandoned_index">>;

const BLINK_MS = 2_000; // streams end now and then and come back within a second: no news for anybody
const AGAIN_MS = 5_000;
const KEPT = 300; // passages kept in memory while nobody reads further back

function emptyFeed(): Feed {
  return { rows: [], next: null, state: "empty", problem: null, most: KEPT };
}

/** Everything that is happening at `site`, kept up to date until the component goes. */
export function useLive(site: string, onRefused: (passage: Passage) => void, onSignedOut: () => void, blink_ms = BLINK_MS) {
  const feeds = reactive<Record<Outcome, Feed>>({ all: emptyFeed(), allowed: emptyFeed(), refused: emptyFeed() });
  const alarms = ref(new Map<number, Alarm>());
  const agents = ref(new Map<string, Agent>());
  const { connection, say } = useConnection(() => void refresh(), blink_ms);
  let end: (() => void) | null = null;
  let gone = false;
  let newest = -1;
  /** What happened last, and when it was told here or recorded. */
  const last = shallowRef<{ kind: string; at: string } | null>(null);
  const paused = ref(false);
  const overview = ref<"loading" | "ready" | "failed">("loading"); // of alarms and agents
  const question = latest();
  /** Of alarms and agents, told while the overview is asked for: its answer may be older. */
  let meanwhile: (() => void)[] | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;

  /** Loads the first page of `outcome`, or with `older` the one after what is there. */
  async function load(outcome: Outcome, older = false): Promise<void> {
    const feed = feeds[outcome];
    if (feed.state === "loading" || (!older && feed.state === "ready")) return;
    feed.state = "loading";
    try {
      const query = { site, outcome: outcome === "all" ? null : outcome, before: older ? feed.next : null };
      const page = await call("get", "/api/v1/passages", { query });
      feed.rows = merge(feed.rows, page.rows);
      feed.next = page.next;
      if (older) feed.most = Math.max(feed.most, feed.rows.length);
      feed.state = "ready";
    } catch (error) {
      feed.problem = error;
      feed.state = "failed";
    }
  }

  /** First what has been, then what comes after it: nothing in between is missed. */
  async function start(): Promise<void> {
    await load("all");
    if (gone || feeds.all.state === "failed") return;
    newest = feeds.all.rows[0]?.index ?? -1;
    if (feeds.all.rows[0]) last.value ??= { kind: "passage", at: feeds.all.rows[0].at };
    end ??= follow(site, newest, { onEvent: take, onConnection: say, onSignedOut });
  }

  /** What the stream does not tell again after a break: which alarms live, who is online. */
  async function refresh(): Promise<void> {
    clearTimeout(again);
    try {
      if (await loadOverview()) overview.value = "ready";
    } catch {
      overview.value = "failed";
      if (!gone) again = setTimeout(refresh, AGAIN_MS);
    }
  }

  /** Whether it stands: nothing newer is asked for. */
  async function loadOverview(): Promise<boolean> {
    const stands = question();
    meanwhile = [];
    const [living, all] = await Promise.all([
      call("get", "/api/v1/alarms", { query: { site, living: true, limit: 500 } }),
      call("get", "/api/v1/agents", {}),
    ]);
    if (!stands()) return false;
    alarms.value = new Map(living.rows.map((alarm) => [alarm.id, alarm]));
    agents.value = new Map(all.rows.filter((agent) => agent.site === site).map((agent) => [agent.id, agent]));
    for (const each of meanwhile) each();
    meanwhile = null;
    return true;
  }

  function tell(change: () => void): void {
    change();
    meanwhile?.push(change);
  }

  function take(kind: string, data: unknown): void {
    last.value = { kind, at: new Date().toISOString() };
    if (kind === "passage") takePassage(data as Passage);
    if (kind === "alarm") tell(() => takeAlarm(data as Alarm));
    if (kind === "agent") tell(() => takeAgent(data as Agent));
    if (kind === "crossed" || kind === "abandoned") {
      const { index, ...outcome } = data as Ending;
      for (const feed of Object.values(feeds)) feed.rows = settle(feed.rows, (row) => row.index === index, outcome);
    }
    if (kind === "picture") {
      const { sha256 } = data as { sha256: string };
      for (const feed of Object.values(feeds)) {
        feed.rows = settle(feed.rows, (row) => row.picture === sha256, { picture_ready: true });
      }
    }
  }

  function takePassage(passage: Passage): void {
    for (const outcome of ["all", "allowed", "refused"] as const) {
      const feed = feeds[outcome];
      if (feed.state === "empty" || !belongs(passage, outcome)) continue;
      feed.rows = merge(feed.rows, [passage]);
      if (feed.rows.length > feed.most && !paused.value) {
        feed.rows = feed.rows.slice(0, feed.most);
        feed.next = feed.rows.at(-1)?.index ?? null;
      }
    }
    if (passage.index <= newest) return; // told again
    newest = passage.index;
    if (passage.outcome === "refused") onRefused(passage);
  }

  function takeAlarm(alarm: Alarm): void {
    if (alarm.cleared_at) alarms.value.delete(alarm.id);
    else alarms.value.set(alarm.id, alarm);
  }

  function takeAgent(agent: Agent): void {
    const known = agents.value.get(agent.id);
    agents.value.set(agent.id, { ...known, ...agent });
  }

  onUnmounted(() => {
    gone = true;
    clearTimeout(again);
    end?.();
  });
  return { feeds, alarms, agents, connection, overview, paused, last, load, start };
}
