import { onMounted, onUnmounted, ref } from "vue";

import { NOTHING, SCANNED_MS, press } from "./press";

const KEPT = "sealtrail.keys";

/** Whether single keys act at all; who speaks to the machine, or rests a hand on it, can switch them off. */
export const keysWanted = ref(localStorage.getItem(KEPT) !== "off");

/** Whether the sheet with all keys is open. */
export const sheetOpen = ref(false);

export function wantKeys(wanted: boolean): void {
  keysWanted.value = wanted;
  localStorage.setItem(KEPT, wanted ? "on" : "off");
}

type Acts = Readonly<Record<string, () => void>>;
const asked: Acts[] = [];
let pressed = NOTHING;
let settling: ReturnType<typeof setTimeout> | undefined;

/** Whether a key is meant as one: nobody types, nothing stands in front of the page, no other key is held. */
function meant(event: KeyboardEvent): boolean {
  const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable]");
  return keysWanted.value && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat && event.key.length === 1 && !document.querySelector("dialog[open]");
}

function onKey(event: KeyboardEvent): void {
  if (event.key === "Shift") return;
  clearTimeout(settling);
  if (!meant(event)) {
    pressed = NOTHING;
    return;
  }
  // When it was pressed, not when a busy page hears of it: keys that waited together are no scanner's.
  pressed = press(pressed, event.key.toLowerCase(), event.timeStamp);
  const { act } = pressed;
  if (act !== null) settling = setTimeout(() => asked.findLast((acts) => acts[act])?.[act]?.(), SCANNED_MS);
}

addEventListener("keydown", onKey);

/** While the component is there `acts` are done by their keys (`a`, or `g a`); those of what came later go first. */
export function useKeys(acts: Acts): void {
  onMounted(() => asked.push(acts));
  onUnmounted(() => asked.splice(asked.indexOf(acts), 1));
}

/** Moves the focus to the next row of the page's list, `by` 1 or -1. */
export function moveInList(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main li > a, main tbody tr a:first-of-type, main .row h3 a, main [data-mark]")].filter((row) => row.offsetParent !== null);
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}
