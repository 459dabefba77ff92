// The three first pages: whose questions each answers, and which one somebody of several roles looked at last.
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type Tier = "doer" | "manager" | "leader";
export type TicketFigures = Schemas["TicketFigures"];
export type Count = Schemas["Count"];
export type TicketDay = Schemas["TicketDay"];
export type SiteFigures = Schemas["SiteFigures"];
export type Waiting = Schemas["Waiting"];

const KEPT = "sealtrail.home";

/** The page to be shown: the one chosen last where it is theirs, else the widest. */
export function tierOf(homes: readonly Tier[], chosen: string | null): Tier {
  return homes.find((tier) => tier === chosen) ?? homes.at(-1) ?? "doer";
}

export function chosenTier(): string | null {
  return localStorage.getItem(KEPT);
}

export function choose(tier: Tier): void {
  localStorage.setItem(KEPT, tier);
}

/** The addresses of the board behind a figure: only what is open. */
export function boardOf(filter: Record<string, string>): { path: string; query: Record<string, string> } {
  return { path: "/tickets", query: { living: "1", ...filter } };
}

/** One bar of a chart: `part` of the longest, `bad` of it in red. */
export interface Bar {
  key: string;
  label: string;
  value: number;
  bad: number;
  to: { path: string; query: Record<string, string> } | string;
}

/** A length of time in the unit that suits it: minutes below two hours, hours below three days, then days. */
export function inUnit(seconds: number): { unit: "minutes" | "hours" | "days"; n: number } {
  if (seconds < 7200) return { unit: "minutes", n: Math.max(1, Math.round(seconds / 60)) };
  return seconds < 3 * 86_400 ? { unit: "hours", n: Math.round(seconds / 3600) } : { unit: "days", n: Math.round(seconds / 86_400) };
}

/** The height of the tallest column of `days`; at least 1. */
export function tallest(days: readonly TicketDay[]): number {
  return Math.max(1, ...days.map((day) => Math.max(day.opened, day.closed, day.breached)));
}
