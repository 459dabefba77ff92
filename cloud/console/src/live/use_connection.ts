import { onUnmounted, shallowRef } from "vue";

import type { Connection } from "./stream";

/** How the stream is, as people are told: a break shorter than `blink_ms` is no news. `onLive` each time it holds (again). */
export function useConnection(onLive: () => void, blink_ms: number) {
  const connection = shallowRef<Connection>({ state: "connecting", since: new Date() });
  let blink: ReturnType<typeof setTimeout> | undefined;

  function say(state: Connection["state"]): void {
    const now: Connection = { state, since: new Date() };
    if (state === "reconnecting" && connection.value.state === "live") {
      blink ??= setTimeout(() => (connection.value = now), blink_ms);
      return;
    }
    clearTimeout(blink);
    blink = undefined;
    if (connection.value.state !== state) connection.value = now;
    if (state === "live") onLive();
  }

  onUnmounted(() => clearTimeout(blink));
  return { connection, say };
}
