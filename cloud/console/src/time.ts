/** Time of day with seconds; with the date where that is another day for the viewer than `today`. */
export function clockTime(at: string, language: string, today: Date = new Date(), zone?: string): string {
  const when = new Date(at);
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  const same = day.format(when) === day.format(today);
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(same ? {} : { month: "short", day: "numeric" }),
  }).format(when);
}

/** The day an entry belongs to for the viewer, as a heading. */
export function dayOf(at: string, language: string, zone?: string): string {
  return new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "full" }).format(new Date(at));
}

/** Date and time in full, in the viewer's zone. */
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
  }).format(new Date(at));
}

/** The name of the zone in which times are shown, such as `GMT+8`. */
export function zoneName(language: string, zone?: string): string {
  const parts = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts();
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** `at` in UTC with every digit that was recorded: `2026-11-22 03:24:00.123456 UTC`. */
export function exactUtc(at: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/.exec(at);
  if (parts === null) return at;
  if (parts[3] === "Z" || parts[3] === "+00:00") return `${parts[1]} ${parts[2]} UTC`;
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}
