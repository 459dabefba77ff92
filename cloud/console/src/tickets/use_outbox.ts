// Sends what was reported without a signal, as soon as there is one, each once.
import { onMounted, onUnmounted, ref } from "vue";

import { call } from "../api/client";
import { Problem } from "../api/problem";
import { person } from "../session";
import { drop, keep, keptBy, type KeptReport } from "./outbox";

const AGAIN_MS = 15_000;

export function useOutbox(sent: () => void) {
  const waiting = ref<KeptReport[]>([]);
  let sending = false;

  async function read(): Promise<void> {
    waiting.value = person.value ? await keptBy(person.value.id) : [];
  }

  /** Sends the oldest first; stops where there is no way, and keeps with its reason what the server refuses. */
  async function flush(): Promise<void> {
    if (sending) return;
    sending = true;
    try {
      await read();
      for (const kept of waiting.value.filter((each) => each.refused === null)) {
        if (!(await send(kept))) break;
      }
    } finally {
      sending = false;
      await read();
    }
  }

  async function send(kept: KeptReport): Promise<boolean> {
    try {
      await call("post", "/api/v1/tickets", { body: { ...kept.report, links: kept.report.links ?? [], photos: [] }, idempotencyKey: kept.key });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const final = [403, 404, 409, 422].includes(error.status) && error.code !== "in_progress";
      if (final) await keep({ ...kept, refused: error.code });
      return final;
    }
    await drop(kept.key);
    sent();
    return true;
  }

  async function discard(key: string): Promise<void> {
    await drop(key);
    await read();
  }

  const hear = () => void flush();
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    addEventListener("online", hear);
    timer = setInterval(() => waiting.value.length > 0 && hear(), AGAIN_MS);
    hear();
  });
  onUnmounted(() => {
    removeEventListener("online", hear);
    clearInterval(timer);
  });
  return { waiting, flush, discard };
}
