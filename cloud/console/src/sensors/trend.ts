import type { Gap, Reading } from "../api/types";

/** A box of 100 × 100 into which a value's course over time is drawn, and what is written beside it. */
export interface Trend {
  line: string;
  band: string;
  gaps: { x: number; width: number; gap: Gap }[];
  low: number;
  high: number;
  since: string;
  until: string;
}

/** How readings (newest first, as they come) look over time; null where there are fewer than two moments. */
export function trendOf(rows: readonly Reading[], gaps: readonly Gap[] = []): Trend | null {
  const told = [...rows].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const first = told[0];
  const last = told.at(-1);
  if (!first || !last || first.at === last.at) return null;
  const begin = Date.parse(first.at);
  const span = Date.parse(last.at) - begin;
  const low = Math.min(...told.map((row) => row.low));
  const high = Math.max(...told.map((row) => row.high));
  const x = (at: string) => round(Math.min(1, Math.max(0, (Date.parse(at) - begin) / span)) * 100);
  const y = (value: number) => round(high === low ? 50 : ((high - value) / (high - low)) * 100);
  const upper = told.map((row) => `${x(row.at)},${y(row.high)}`);
  const lower = told.map((row) => `${x(row.at)},${y(row.low)}`).reverse();
  return {
    line: told.map((row) => `${x(row.at)},${y(row.value)}`).join(" "),
    band: [...upper, ...lower].join(" "),
    gaps: gaps
      .filter((gap) => Date.parse(gap.until) >= begin && Date.parse(gap.since) <= begin + span)
      .map((gap) => ({ x: x(gap.since), width: Math.max(0.5, round(x(gap.until) - x(gap.since))), gap })),
    low,
    high,
    since: first.at,
    until: last.at,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
