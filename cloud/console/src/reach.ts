// Whether the server answers: heard by every answer and event, lost when one asks in vain; while lost it is asked again.
import { readonly, ref } from "vue";

const AGAIN_MS = 3_000;
const PATIENCE_MS = 10_000;
const GATEWAY = [502, 503, 504]; // said by what stands before the server, for it
const lost = ref<Date | null>(null);
const heard = ref<Date | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Since when nothing answers; null while all is well. */
export const lostSince = readonly(lost);

/** When the server was heard last: so old is what is shown while it is lost. */
export const heardLast = readonly(heard);

/** The server answered, with `status` where it was by HTTP. */
export function hear(status = 200): void {
  if (GATEWAY.includes(status)) return lose();
  heard.value = new Date();
  lost.value = null;
  clearTimeout(timer);
}

/** Somebody asked in vain. */
export function lose(): void {
  lost.value ??= new Date();
  clearTimeout(timer);
  timer = setTimeout(() => void ask(), AGAIN_MS);
}

async function ask(): Promise<void> {
  try {
    const { status } = await fetch("/api/v1/session", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) });
    hear(status);
  } catch {
    lose();
  }
}

if (typeof addEventListener === "function") {
  addEventListener("offline", lose);
  addEventListener("online", () => lost.value && void ask());
}
