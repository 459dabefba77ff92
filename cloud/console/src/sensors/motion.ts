// When something moved before the cameras, a day at a time.
import { call } from "../api/client";
import type { components } from "../api/schema";

export type Motion = components["schemas"]["MotionShown"];

/** A camera with what moved before it, earliest first. */
export interface Strip {
  agent: string;
  station: string;
  camera: string;
  spans: Motion[];
}

const LIMIT = 500;
const MOST_PAGES = 20;

/** Midnight of the day `back` days before today, by this browser's clock. */
export function dayOf(back: number, now = new Date()): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - back);
}

/** All motion that ended between two times, newest first, however many pages it comes in. Throws Problem. */
export async function motionBetween(since: Date, until: Date, signal: AbortSignal): Promise<Motion[]> {
  const found = new Map<number, Motion>();
  let before = until.toISOString();
  for (let page = 0; page < MOST_PAGES; page++) {
    const { rows } = await call("get", "/api/v1/motion", { query: { since: since.toISOString(), until: before, limit: LIMIT }, signal });
    const known = found.size;
    for (const row of rows) found.set(row.index, row);
    if (rows.length < LIMIT || found.size === known) break;
    before = rows[rows.length - 1]!.until;
  }
  return [...found.values()];
}

/** The same by camera, those with the most motion first. */
export function stripsOf(rows: readonly Motion[]): Strip[] {
  const strips = new Map<string, Strip>();
  for (const row of rows) {
    const key = `${row.agent} ${row.station} ${row.camera}`;
    const strip = strips.get(key) ?? { agent: row.agent, station: row.station, camera: row.camera, spans: [] };
    strip.spans.push(row);
    strips.set(key, strip);
  }
  for (const strip of strips.values()) strip.spans.sort((one, other) => one.since.localeCompare(other.since));
  return [...strips.values()].sort((one, other) => `${one.agent} ${one.station}`.localeCompare(`${other.agent} ${other.station}`));
}

/** Where a span is on the strip of the day that begins at `day`, in percent; a short one is wide enough to be seen. */
export function placeOf(span: Motion, day: Date): { left: string; width: string } {
  const whole = 86_400_000;
  const from = Math.max(0, new Date(span.since).getTime() - day.getTime());
  const to = Math.min(whole, new Date(span.until).getTime() - day.getTime());
  const width = Math.max(0.35, ((to - from) / whole) * 100);
  return { left: `${Math.min(100 - width, (from / whole) * 100)}%`, width: `${width}%` };
}
