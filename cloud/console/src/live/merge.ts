import type { Passage } from "../api/types";

export type Outcome = "all" | "allowed" | "refused";

/** Whether `passage` belongs in the list that shows `outcome`. */
export function belongs(passage: Passage, outcome: Outcome): boolean {
  return outcome === "all" || passage.outcome === outcome;
}

function key(passage: Passage): string {
  return `${passage.site}/${passage.index}`;
}

/**
 * `rows` with `news`, newest first, each passage once. A passage told again replaces the older telling, except that
 * what is known to have happened since (crossed, abandoned, picture arrived) is not forgotten.
 */
export function merge(rows: readonly Passage[], news: readonly Passage[]): Passage[] {
  const known = new Map(rows.map((row) => [key(row), row]));
  for (const told of news) {
    const before = known.get(key(told));
    known.set(key(told), {
      ...told,
      crossed_index: told.crossed_index ?? before?.crossed_index ?? null,
      abandoned_index: told.abandoned_index ?? before?.abandoned_index ?? null,
      picture_ready: told.picture_ready || (before?.picture_ready ?? false),
    });
  }
  return [...known.values()].sort((one, other) => other.index - one.index || one.site.localeCompare(other.site));
}

/** `rows` with `news` about those that are meant. */
export function settle(
  rows: readonly Passage[],
  meant: (row: Passage) => boolean,
  news: Partial<Passage>,
): Passage[] {
  return rows.map((row) => (meant(row) ? { ...row, ...news } : row));
}
