// What the supervisor's page shows, and who is led to it.
import type { components } from "../api/schema";
import type { Role } from "../api/types";

type Schemas = components["schemas"];

export type Override = Schemas["Override"];
export type OverrideKind = Override["kind"];
export type Opening = Schemas["ExceptionShown"];

export const OVERRIDE_KINDS: readonly OverrideKind[] = [
  "exception_opened", "exception_reviewed", "act_refused", "act_declined", "custody_step", "hold_lifted", "case_repinned",
  "rules_adopted", "content_erased", "live_view_opened", "case_corrected",
]; // prettier-ignore

/** Whose work it is to look at it; all others may read it as well. */
export const SUPERVISORS: readonly Role[] = ["supervisor", "leader", "auditor", "admin"];

/** Where the ledger entry of `row` is read: in the history of what it is about; null where nothing has one. */
export function wayToEntry(row: Pick<Override, "index" | "about">): string | null {
  const thing = row.about.find((id) => id.includes("/") && !id.includes("/A-"));
  return thing === undefined ? null : `/history/${thing}#entry-${row.index}`;
}

/** `about` apart: what can be opened, erased entries by number, rule packs by hash. */
export function aboutOf(about: readonly string[]): { things: string[]; entries: number[]; packs: string[]; places: string[] } {
  return {
    things: about.filter((id) => id.includes("/")),
    entries: about.flatMap((id) => (/^#\d+$/.test(id) ? Number(id.slice(1)) : [])),
    packs: about.filter((id) => /^[0-9a-f]{64}$/.test(id)),
    places: about.filter((id) => id.includes(":")),
  };
}

/** The newest page laid over what is there already: rows by entry, the newest first, none twice. */
export function laidOver<Row extends { index: number }>(known: readonly Row[], page: readonly Row[]): Row[] {
  const all = new Map([...known, ...page].map((row) => [row.index, row]));
  return [...all.values()].sort((one, other) => other.index - one.index);
}

/** A length of time in its two largest units: `1 h 3 min`, `1 min 1 s`. */
export function lengthOf(ms: number): { hours: number; minutes: number; seconds: number } {
  const whole = Math.max(0, Math.round(ms / 1000));
  return { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60), seconds: whole % 60 };
}
