// How old an open ticket is, as the server counts it: the shortest of these that it has not outlived.
export const AGES = ["day", "three_days", "week", "older"] as const;
export type Age = (typeof AGES)[number];

const DAYS: Record<Age, readonly [number, number]> = { day: [0, 1], three_days: [1, 3], week: [3, 7], older: [7, Infinity] };
const DAY_MS = 86_400_000;

/** What the board's address says of an age. */
export function ageQuery(age: Age): Record<string, string> {
  return { age };
}

/** Between which moments a ticket of that age was opened; null where that end is open. */
export function openedBetween(age: Age | "", now: number): { opened_after: string | null; opened_before: string | null } {
  if (age === "") return { opened_after: null, opened_before: null };
  const [least, most] = DAYS[age];
  const at = (days: number) => new Date(now - days * DAY_MS).toISOString();
  return { opened_after: most === Infinity ? null : at(most), opened_before: least === 0 ? null : at(least) };
}
