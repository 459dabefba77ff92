import { readonly, shallowRef } from "vue";

export interface Toast {
  words: string;
  /** Where it leads, if anywhere. */
  to: string | null;
}

const SHOWN_MS = 9_000;
const shown = shallowRef<Toast | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

/** What was just done; null when there is nothing to say. */
export const toast = readonly(shown);

/** Says what was done, for some seconds. */
export function say(words: string, to: string | null = null): void {
  clearTimeout(timer);
  shown.value = { words, to };
  timer = setTimeout(hush, SHOWN_MS);
}

/** Says nothing more. */
export function hush(): void {
  clearTimeout(timer);
  shown.value = null;
}
