import type { Course, CoursePoint } from "../api/types";

/** A span of time, in milliseconds since 1970. */
export interface Span {
  since: number;
  until: number;
}

/** How a course is drawn into a box of 100 × 100: its lines and bands, broken where nothing was measured. */
export interface Drawn {
  lines: string[];
  bands: string[];
  missing: { x: number; width: number }[];
  low: number;
  high: number;
}

export const SHORTEST_MS = 10_000;
export const LONGEST_MS = 366 * 86_400_000;
const STEP_MS: Record<Course["step"], number> = { raw: 0, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** How `course` looks within `span`; null where nothing was measured. */
export function drawnOf(course: Course, span: Span): Drawn | null {
  const { points } = course;
  if (points.length === 0) return null;
  const low = Math.min(...points.map((point) => point.low));
  const high = Math.max(...points.map((point) => point.high));
  const x = (at: number) => round(Math.min(1, Math.max(0, (at - span.since) / (span.until - span.since))) * 100);
  const y = (value: number) => round(high === low ? 50 : ((high - value) / (high - low)) * 100);
  const middle = (point: CoursePoint) => Date.parse(point.at) + STEP_MS[course.step] / 2;
  const runs = runsOf(points, course.step);
  return {
    lines: runs.map((run) => run.map((point) => `${x(middle(point))},${y(point.mean)}`).join(" ")),
    bands: runs.map((run) =>
      [
        ...run.map((point) => `${x(middle(point))},${y(point.high)}`),
        ...run.map((point) => `${x(middle(point))},${y(point.low)}`).reverse(),
      ].join(" "),
    ),
    missing: course.gaps.map((gap) => ({
      x: x(Date.parse(gap.since)),
      width: Math.max(0.3, round(x(Date.parse(gap.until)) - x(Date.parse(gap.since)))),
    })),
    low,
    high,
  };
}

/** Points without a hole between them: a bucket that is missing, or three readings in a row, break the line. */
export function runsOf(points: readonly CoursePoint[], step: Course["step"]): CoursePoint[][] {
  const between = points.slice(1).map((point, n) => Date.parse(point.at) - Date.parse(points[n]?.at ?? point.at));
  const usual = [...between].sort((one, other) => one - other)[Math.floor(between.length / 2)] ?? 0;
  const most = step === "raw" ? 3 * usual : STEP_MS[step];
  const runs: CoursePoint[][] = [];
  points.forEach((point, n) => {
    const run = runs.at(-1);
    if (run && (between[n - 1] ?? 0) <= most) run.push(point);
    else runs.push([point]);
  });
  return runs;
}

/** `span` drawn `factor` times as long, with what is at the part `at` (0 to 1) of it staying where it is. */
export function zoomed(span: Span, factor: number, at: number): Span {
  const long = span.until - span.since;
  const wanted = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, long * factor));
  const since = span.since + (long - wanted) * at;
  return { since: Math.round(since), until: Math.round(since + wanted) };
}

/** `span` moved by the part `by` of its length. */
export function moved(span: Span, by: number): Span {
  const step = Math.round((span.until - span.since) * by);
  return { since: span.since + step, until: span.until + step };
}

/** The point that is nearest to the part `at` (0 to 1) of `span`. */
export function nearest(points: readonly CoursePoint[], span: Span, at: number): CoursePoint | null {
  const wanted = span.since + (span.until - span.since) * at;
  const away = (point: CoursePoint) => Math.abs(Date.parse(point.at) - wanted);
  return points.reduce<CoursePoint | null>((best, point) => (best && away(best) <= away(point) ? best : point), null);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
