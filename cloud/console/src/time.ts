/** Time of day with seconds when it is today for the viewer, else the date with it. */
export function clockTime(at: string, language: string, now: Date = new Date(), zone?: string): string {
  const when = new Date(at);
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  const today = day.format(when) === day.format(now);
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(today ? {} : { month: "short", day: "numeric" }),
  }).format(when);
}

/** The day an entry belongs to for the viewer, as a heading. */
export function dayOf(at: string, language: string, zone?: string): string {
  return new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "full" }).format(new Date(at));
}

/** Date and time in full, in the viewer's zone, with the zone's name. */
export function fullTime(at: string, language: string, zone?: string): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(new Date(at));
}

/** `at` in UTC with every digit that was recorded: `2026-11-22 03:24:00.123456 UTC`. */
export function exactUtc(at: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/.exec(at);
  if (parts === null) return at;
  if (parts[3] === "Z" || parts[3] === "+00:00") return `${parts[1]} ${parts[2]} UTC`;
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}
