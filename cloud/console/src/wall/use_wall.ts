import { computed, onMounted, onUnmounted, type Ref, ref, watch } from "vue";

import { call } from "../api/client";
import { useAsking } from "../asking";
import { alarmTone, lossTone, soundWanted, trySound, wantSound } from "../live/chime";
import { sessionEnded } from "../router";
import type { Alarm } from "../alarms/alarms";
import { bySite } from "../sites/sites";
import { useEverySite } from "../sites/use_every_site";
import { type Severity, calls, counted, news, ordered } from "./wall";

const BLINK_MS = 400;
const AGAIN_MS = 15_000; // a critical alarm that nobody takes notice of is heard again
const TICK_MS = 1_000;

/**
 * The wall's state: what lives at all sites that I may read, or at the one of the filter, what is chosen, whether anything
 * is heard. `onNews` is told of the worst new alarm.
 */
export function useWall(filter: Ref<string>, onNews: (alarm: Alarm) => void) {
  const live = useEverySite(sessionEnded, BLINK_MS);
  const now = ref(new Date());
  const sound = ref(soundWanted());
  const chosen = ref<number | null>(null);
  const known = new Map<number, Severity>();
  const { problem, ask } = useAsking();
  const groups = computed(() => bySite(ordered(among(), now.value.getTime())));
  const rows = computed(() => groups.value.flatMap((group) => group.rows));
  const counts = computed(() => counted(rows.value));
  const fresh = computed(() => rows.value.filter((alarm) => calls(alarm, now.value.getTime())).length);
  const lost = computed(() => ["reconnecting", "offline"].includes(live.connection.value.state));
  const selected = computed(() => rows.value.find((alarm) => alarm.id === chosen.value) ?? rows.value[0] ?? null);

  const among = (): Alarm[] => [...live.alarms.value.values()].filter((alarm) => filter.value === "" || alarm.site === filter.value);

  watch(
    among,
    (alarms) => {
      const [worst] = news(known, alarms);
      known.clear();
      for (const alarm of alarms) known.set(alarm.id, alarm.severity);
      if (worst === undefined) return;
      if (sound.value) alarmTone(worst.severity);
      onNews(worst);
    },
    { deep: true },
  );
  watch(lost, (is) => is && sound.value && lossTone());

  /** Chooses the alarm `by` places further. */
  function move(by: number): void {
    const at = rows.value.findIndex((alarm) => alarm.id === selected.value?.id);
    chosen.value = rows.value[Math.min(Math.max(at + by, 0), rows.value.length - 1)]?.id ?? null;
  }

  /** Takes notice of `alarm`, once. */
  async function acknowledge(alarm: Alarm | null): Promise<void> {
    if (alarm === null || alarm.acknowledged_by) return;
    await ask(() => call("post", "/api/v1/alarms/{alarm}/steps", { path: { alarm: alarm.id }, body: { step: "acknowledge", note: "" } }));
  }

  function toggleSound(): void {
    sound.value = !sound.value;
    wantSound(sound.value);
  }

  const ticking = setInterval(() => (now.value = new Date()), TICK_MS);
  const calling = setInterval(() => {
    if (sound.value && lost.value) lossTone();
    else if (sound.value && rows.value.some((alarm) => alarm.severity === "critical" && calls(alarm))) alarmTone("critical");
  }, AGAIN_MS);
  onMounted(() => {
    if (sound.value) void trySound();
    live.start();
  });
  onUnmounted(() => {
    clearInterval(ticking);
    clearInterval(calling);
  });

  return { ...live, now, sound, groups, rows, counts, fresh, lost, selected, chosen, problem, move, acknowledge, toggleSound };
}
