// Counting on a phone: every scan is on the disk first and sent when there is a network, in the order it was made.
import { computed, onMounted, onUnmounted, ref, shallowRef } from "vue";

import { call } from "../api/client";
import { Problem } from "../api/problem";
import { thingIn } from "../api/text_label";
import { type KeptScan, answered, found, isBad, isHeld, keyOf, nextBatch, timeAfter, unsent } from "./queue";
import { keepScans, scansOf } from "./store";

const RETRY_MS = 10_000;
const PAGE = 10_000;

const newKey = () => keyOf(crypto.getRandomValues(new Uint8Array(16)));

export type Sending = "idle" | "sending" | "offline" | "refused";

/** What `person` scans for `take`; starts with what this phone and the server hold of it. */
export function useCount(take: string, person: string) {
  const scans = shallowRef<KeptScan[]>([]);
  const sending = ref<Sending>("idle");
  const problem = ref<unknown>(null);
  const waiting = computed(() => unsent(scans.value).length);
  const mine = computed(() => found(scans.value));
  let retrying: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  async function change(changed: KeptScan[]): Promise<void> {
    if (changed.length === 0) return;
    await keepScans(changed);
    const known = new Map(scans.value.map((scan) => [scan.key, scan]));
    for (const scan of changed) known.set(scan.key, scan);
    scans.value = [...known.values()];
  }

  /** Keeps one scan and sends what is not sent. */
  async function scan(text: Pick<KeptScan, "thing" | "slot" | "place"> & Partial<KeptScan>): Promise<void> {
    const id = text.id ?? thingIn(text.thing) ?? text.thing.trim();
    const at = timeAfter(scans.value, new Date());
    const made: KeptScan = { key: newKey(), take, person, quantity: null, taken_back: false, fate: null, at, ...text, id };
    await change([made]);
    void send();
  }

  /** It was not seen after all. A scan that can never count is only put away. */
  async function takeBack(scan_: KeptScan): Promise<void> {
    if (isBad(scan_)) return change([{ ...scan_, taken_back: true }]);
    await scan({ ...scan_, key: newKey(), at: timeAfter(scans.value, new Date()), taken_back: true, fate: null });
  }

  /** So many pieces of it. */
  async function countPieces(scan_: KeptScan, quantity: number): Promise<void> {
    await scan({ ...scan_, key: newKey(), at: timeAfter(scans.value, new Date()), quantity, fate: null });
  }

  /** Sends batch after batch; where there is no network it tries again by itself. */
  async function send(): Promise<void> {
    if (sending.value === "sending") return;
    clearTimeout(retrying);
    sending.value = "sending";
    problem.value = null;
    try {
      for (let batch = nextBatch(scans.value); batch.length > 0; batch = nextBatch(scans.value)) {
        const answer = await call("post", "/api/v1/stock-takes/counts", { body: { stock_take: take, scans: batch } });
        await change(answered(scans.value, answer.rows));
      }
      sending.value = "idle";
    } catch (error) {
      problem.value = error;
      const later = error instanceof Problem && (error.status === 0 || error.status >= 500);
      sending.value = later ? "offline" : "refused";
      if (later && !gone) retrying = setTimeout(() => void send(), RETRY_MS);
    }
  }

  /** Fetches what I scanned on other phones. */
  async function fetchMine(): Promise<void> {
    const known = new Set(scans.value.map((each) => each.key));
    for (let after: string | null = ""; after !== null; ) {
      const query: { after: string; limit: number } = { after, limit: PAGE };
      const page = await call("get", "/api/v1/stock-takes/{id}/counts", { path: { id: take }, query });
      const fresh = page.rows.filter((row) => !known.has(row.key));
      await change(fresh.map((row) => ({ ...row, take, person, id: row.thing, place: row.slot, fate: "counted" as const })));
      after = page.next;
    }
  }

  /** My count is done: all that was made and can count is told by number, so that nothing is passed over. */
  async function close(): Promise<void> {
    await send();
    if (waiting.value > 0) throw problem.value;
    await fetchMine();
    const made = scans.value.filter(isHeld).length;
    await call("post", "/api/v1/stock-takes/counts/close", { body: { stock_take: take, scans: made } });
  }

  const online = () => void send();
  onMounted(async () => {
    const before = await scansOf(take, person);
    const meanwhile = new Set(scans.value.map((each) => each.key));
    scans.value = [...before.filter((each) => !meanwhile.has(each.key)), ...scans.value];
    addEventListener("online", online);
    await fetchMine().catch(() => undefined); // not a counter yet, or no network: what is here is what there is
    void send();
  });
  onUnmounted(() => {
    gone = true;
    clearTimeout(retrying);
    removeEventListener("online", online);
  });

  return { scans, mine, waiting, sending, problem, scan, takeBack, countPieces, send, close };
}
