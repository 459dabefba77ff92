// How single keys become acts. A hand scanner types, too, faster than any hand: keys that follow each other at once act on
// nothing. Pure, so that it can be tried.

/** Keys closer together than this come from a scanner. */
export const SCANNED_MS = 50;
/** How long `g` waits for its second key. */
const SECOND_MS = 1500;

export interface Pressed {
  /** What waits to be done unless something follows at once; null for nothing. */
  act: string | null;
  at_ms: number;
  /** Whether `g` was pressed and the next key says where to. */
  going: boolean;
  /** Whether these keys are a scanner's. */
  scanned: boolean;
}

export const NOTHING: Pressed = { act: null, at_ms: -Infinity, going: false, scanned: false };

/** What `key` at `at_ms` makes of what was pressed before. */
export function press(before: Pressed, key: string, at_ms: number): Pressed {
  const since = at_ms - before.at_ms;
  if (since < SCANNED_MS) return { act: null, at_ms, going: false, scanned: true };
  if (before.going && since < SECOND_MS) return { act: `g ${key}`, at_ms, going: false, scanned: false };
  return { act: key === "g" ? null : key, at_ms, going: key === "g", scanned: false };
}
