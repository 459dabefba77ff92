// From when until when, as somebody picks it in their own zone.

export type TimesFault = "missing" | "order" | "over" | "long";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `at` as a `datetime-local` field has it, to the minute, in the viewer's zone. */
export function asTyped(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

/** The time that was typed; null where it is none. */
export function typedAt(text: string): Date | null {
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? null : at;
}

/** What a permit's form begins with: from this minute on, for so many hours and never longer than the rules allow. */
export function firstTimes(now: Date, hours: number, longest_h: number): { from: string; until: string } {
  const from = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
  return { from: asTyped(from), until: asTyped(new Date(from.getTime() + Math.min(hours, longest_h) * HOUR_MS)) };
}

/** Why the server would not take these times (cloud/evidence/permits.py); null where it would. */
export function timesFault(from: string, until: string, now: Date, longest_h: number): TimesFault | null {
  const [begin, end] = [typedAt(from), typedAt(until)];
  if (begin === null || end === null) return "missing";
  if (end <= begin) return "order";
  if (end <= now) return "over";
  return end.getTime() - begin.getTime() > longest_h * HOUR_MS ? "long" : null;
}
