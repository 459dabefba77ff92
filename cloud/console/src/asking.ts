import { onUnmounted, ref, watch } from "vue";

import { lostSince } from "./reach";

/** Something asked of the server by a button: whether it is under way, and why it was not done. */
export function useAsking() {
  const busy = ref(false);
  const problem = ref<unknown>(null);

  /** Asks; whether it was done. */
  async function ask(act: () => Promise<unknown>): Promise<boolean> {
    busy.value = true;
    problem.value = null;
    try {
      await act();
      return true;
    } catch (error) {
      problem.value = error;
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { busy, problem, ask };
}

export type Loading = "loading" | "ready" | "failed";

/** What a page shows: read at once and, where `every_ms` is given, again and again while somebody can see it. */
export function useLoaded(read: (signal: AbortSignal) => Promise<void>, every_ms?: number) {
  const state = ref<Loading>("loading");
  const problem = ref<unknown>(null);
  let asking = new AbortController();

  async function load(): Promise<void> {
    asking.abort();
    const { signal } = (asking = new AbortController());
    try {
      await read(signal);
      state.value = "ready";
    } catch (error) {
      if (signal.aborted) return;
      problem.value = error;
      state.value = "failed";
    }
  }

  /** From the beginning: what was there is not shown any more. */
  function again(): void {
    state.value = "loading";
    void load();
  }

  const timer = every_ms === undefined ? undefined : setInterval(() => document.visibilityState === "visible" && state.value === "ready" && void load(), every_ms);
  onUnmounted(() => {
    clearInterval(timer);
    asking.abort();
  });
  // What failed because nothing answered is asked again as soon as something does.
  watch(lostSince, (lost) => lost === null && state.value === "failed" && again());
  void load();
  return { state, problem, load, again };
}
