import { onUnmounted, ref, shallowRef } from "vue";

import type { Alarm } from "../alarms/alarms";
import { call } from "../api/client";
import type { components } from "../api/schema";
import { follow } from "../live/stream";
import { useConnection } from "../live/use_connection";
import { latest } from "../turns";

type Site = components["schemas"]["Site"];

const AGAIN_MS = 5_000;

/** What lives at all sites that I may read, kept up to date until the component goes. `blink_ms`: a break as short is none. */
export function useEverySite(onSignedOut: () => void, blink_ms: number) {
  const alarms = ref(new Map<number, Alarm>());
  const sites = shallowRef<Site[]>([]);
  const more = ref(0);
  const { connection, say } = useConnection(() => void refresh(), blink_ms);
  const overview = ref<"loading" | "ready" | "failed">("loading");
  /** What happened last, and when it was told here. */
  const last = shallowRef<{ kind: string; at: string } | null>(null);
  const question = latest();
  let meanwhile: Alarm[] | null = null; // what the stream told while all was asked for
  let end: (() => void) | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  function start(): void {
    end ??= follow(null, null, { onEvent: take, onConnection: say, onSignedOut });
  }

  /** What the stream does not tell again after a break. */
  async function refresh(): Promise<void> {
    clearTimeout(again);
    const stands = question();
    meanwhile = [];
    try {
      const [living, all] = await Promise.all([call("get", "/api/v1/sites/alarms", { query: { limit: 1000 } }), call("get", "/api/v1/sites", {})]);
      if (!stands()) return;
      alarms.value = new Map(living.rows.map((alarm) => [alarm.id, alarm]));
      more.value = living.more;
      sites.value = all.rows;
      meanwhile?.forEach(takeAlarm);
      meanwhile = null;
      overview.value = "ready";
    } catch {
      if (!stands()) return;
      overview.value = "failed";
      if (!gone) again = setTimeout(refresh, AGAIN_MS);
    }
  }

  function take(kind: string, data: unknown): void {
    last.value = { kind, at: new Date().toISOString() };
    if (kind !== "alarm") return;
    meanwhile?.push(data as Alarm);
    takeAlarm(data as Alarm);
  }

  function takeAlarm(alarm: Alarm): void {
    if (alarm.cleared_at) alarms.value.delete(alarm.id);
    else alarms.value.set(alarm.id, alarm);
  }

  onUnmounted(() => {
    gone = true;
    clearTimeout(again);
    end?.();
  });
  return { alarms, sites, more, connection, overview, last, start };
}
