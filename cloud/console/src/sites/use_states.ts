import { onUnmounted, ref, shallowRef } from "vue";

import { call } from "../api/client";
import { type Connection, follow } from "../live/stream";
import { sessionEnded } from "../router";
import type { SiteState } from "./sites";

const TOGETHER_MS = 300; // what comes with one commit is looked at once
const EVERY_MS = 30_000; // tickets, racks and checkpoints are not told by the stream
const HERE = ["alarm", "agent", "override"];

/** How all sites are that I may read: asked anew whenever something happens at one of them. */
export function useStates() {
  const rows = shallowRef<SiteState[]>([]);
  const state = ref<"loading" | "ready" | "failed">("loading");
  const problem = ref<unknown>(null);
  const connection = shallowRef<Connection>({ state: "connecting", since: new Date() });
  let asking = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    asking.abort();
    const { signal } = (asking = new AbortController());
    try {
      rows.value = (await call("get", "/api/v1/sites/states", { signal })).rows;
      state.value = "ready";
    } catch (error) {
      if (signal.aborted) return;
      problem.value = error;
      if (state.value === "loading") state.value = "failed"; // what is there stays, and the connection says how old it is
    }
  }

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void load(), TOGETHER_MS);
  }

  const end = follow(null, null, {
    onEvent: (kind) => HERE.includes(kind) && soon(),
    onConnection: (now) => {
      if (now === "live") soon(); // whatever happened before it was there
      if (now !== connection.value.state) connection.value = { state: now, since: new Date() };
    },
    onSignedOut: sessionEnded,
  });
  const every = setInterval(() => document.visibilityState === "visible" && void load(), EVERY_MS);
  void load();

  onUnmounted(() => {
    clearTimeout(timer);
    clearInterval(every);
    asking.abort();
    end();
  });
  return { rows, state, problem, connection, load };
}
