// Sends what was reported without a signal, as soon as there is one, each once; on whichever page somebody is.
import { onMounted, onUnmounted, readonly, ref, shallowRef } from "vue";

import { send as sendPhoto } from "../acts/photos";
import { call } from "../api/client";
import { Problem } from "../api/problem";
import { person } from "../session";
import { drop, keep, keptBy, type KeptReport } from "./outbox";

const AGAIN_MS = 15_000;
const FINAL = [400, 403, 404, 409, 413, 415, 422];

const kept = shallowRef<KeptReport[]>([]);
const going = ref<{ key: string; photo: number; of: number; part: number } | null>(null);
const count = ref(0);
let sending = false;

/** What is not sent yet. */
export const waiting = readonly(kept);
/** The photograph that goes up just now, and which part of it has gone. */
export const progress = readonly(going);
/** How many reports have gone; it grows when one has. */
export const sent = readonly(count);

async function read(): Promise<void> {
  kept.value = person.value ? await keptBy(person.value.id) : [];
}

/** Sends the oldest first; stops where there is no way, and keeps with its reason what the server refuses. */
export async function flush(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    await read();
    for (const each of kept.value.filter((row) => row.refused === null)) {
      if (!(await deliver(each))) break;
    }
  } finally {
    sending = false;
    going.value = null;
    await read();
  }
}

async function deliver(each: KeptReport): Promise<boolean> {
  try {
    const whole = await withPhotos(each);
    await call("post", "/api/v1/tickets", { body: { ...whole.report, photos: whole.digests }, idempotencyKey: each.key });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const final = FINAL.includes(error.status) && error.code !== "in_progress";
    if (final) await keep({ ...each, refused: error.code });
    return final;
  }
  await drop(each.key);
  count.value += 1;
  return true;
}

/** Its photographs are sent first; each that went is noted, so that after a break only the others go. */
async function withPhotos(each: KeptReport): Promise<KeptReport> {
  let whole = each;
  for (const [number, photo] of each.photos.entries()) {
    if (number < whole.digests.length) continue;
    const tell = (part: number) => (going.value = { key: each.key, photo: number + 1, of: each.photos.length, part });
    tell(0);
    const sha256 = await sendPhoto(photo, tell);
    whole = { ...whole, digests: [...whole.digests, sha256] };
    await keep(whole);
  }
  return whole;
}

export async function discard(key: string): Promise<void> {
  await drop(key);
  await read();
}

/** Goes on sending for as long as the component that asks for it is there. */
export function useOutbox(): void {
  const hear = () => void flush();
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    addEventListener("online", hear);
    timer = setInterval(() => kept.value.length > 0 && hear(), AGAIN_MS);
    hear();
  });
  onUnmounted(() => {
    removeEventListener("online", hear);
    clearInterval(timer);
  });
}
