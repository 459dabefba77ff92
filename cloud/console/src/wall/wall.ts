// What the wall shows and is loud about: pure, so that it can be tried.
import { type Alarm, SEVERITIES, standing } from "../alarms/alarms";

export type Severity = (typeof SEVERITIES)[number];

/** Nobody has taken notice of it yet, and nobody set it aside. */
export function calls(alarm: Alarm, now = Date.now()): boolean {
  return standing(alarm, now) === "new";
}

/** In the order of the wall: what calls before what is known, the worst first, then the newest. */
export function ordered(alarms: Iterable<Alarm>, now = Date.now()): Alarm[] {
  const rank = (alarm: Alarm) => SEVERITIES.indexOf(alarm.severity) + (calls(alarm, now) ? 0 : SEVERITIES.length);
  return [...alarms].sort((one, other) => rank(one) - rank(other) || other.index - one.index);
}

/** Those that call and that `known` (by id, with the severity known) did not hear of, or as less severe; the worst first. */
export function news(known: ReadonlyMap<number, Severity>, alarms: Iterable<Alarm>, now = Date.now()): Alarm[] {
  const grown = (alarm: Alarm) => {
    const before = known.get(alarm.id);
    return before === undefined || SEVERITIES.indexOf(alarm.severity) < SEVERITIES.indexOf(before);
  };
  return ordered(alarms, now).filter((alarm) => calls(alarm, now) && grown(alarm));
}

/** How many live of each severity. */
export function counted(alarms: Iterable<Alarm>): Record<Severity, number> {
  const count = { critical: 0, major: 0, warning: 0, info: 0 };
  for (const alarm of alarms) count[alarm.severity] += 1;
  return count;
}

/** A length of time in one unit, the largest that it has. */
export function roughly(ms: number): { unit: "s" | "min" | "h" | "d"; n: number } {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return { unit: "s", n: s };
  if (s < 3600) return { unit: "min", n: Math.floor(s / 60) };
  return s < 86_400 ? { unit: "h", n: Math.floor(s / 3600) } : { unit: "d", n: Math.floor(s / 86_400) };
}
