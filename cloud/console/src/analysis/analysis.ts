// What stands out, as the page says it: amounts, sentences, and where each piece of evidence is shown.
import type { Composer } from "vue-i18n";

import type { components } from "../api/schema";
import { packContent, type Words } from "../rules/pack";
import { wayTo } from "../ways";

type Schemas = components["schemas"];
export type Analysis = Schemas["Analysis"];
export type Finding = Schemas["Finding"];
export type Figure = Schemas["Figure"];
export type Section = Schemas["Section"];
export type Evidence = Schemas["Evidence"];
export type UnitAnalysis = Schemas["UnitAnalysis"];
export type UnitSection = Schemas["UnitSection"];
type Site = Schemas["Site"];
type Unit = Schemas["Unit"];
type Said = Pick<Composer, "t" | "te" | "n" | "locale">;

export const SPANS_DAYS = [30, 90, 365] as const;
const DAY_MS = 86_400_000;

/** The four defects of records (L13), by the kinds that measure them. */
export const DEFECTS = ["late_capture", "dwell", "thin_content", "no_tracking"] as const;

/** `value` in the unit that a person would say it in. */
export function amount(value: number, unit: Figure["unit"], { t, n }: Said): string {
  const told = (name: string, each: number) => t(`analysis.unit.${name}`, { n: n(each, { maximumFractionDigits: each < 10 ? 1 : 0 }) }, each === 1 ? 1 : 2);
  if (unit === "seconds") return value < 120 ? told("seconds", value) : amount(value / 3600, "hours", { t, n } as Said);
  if (unit === "hours") {
    if (value < 2) return told("minutes", value * 60);
    return value < 72 ? told("hours", value) : told("days", value / 24);
  }
  return told(unit, value);
}

function pack(): Record<string, Record<string, Words & { name?: Words }>> {
  return (packContent.value ?? {}) as unknown as Record<string, Record<string, Words & { name?: Words }>>;
}

/** What a subject of `kind` is called: by its name, by the rule pack, by our own words, else by its id. */
export function called(kind: string, one: { subject: string; name?: string | null; aspect?: string | null }, { t, te, locale }: Said): string {
  const language = locale.value === "en" ? "en" : "zh";
  const own = (group: string) => (te(`${group}.${one.subject}`) ? t(`${group}.${one.subject}`) : one.subject);
  if (one.name) return one.name;
  if (kind === "dwell") return own("state");
  if (kind === "lead_time") return pack().alarm_rules?.[one.subject.replace(/^rule\./, "")]?.name?.[language] ?? own("cause");
  if (kind === "hot_spots" && one.aspect === "class") return pack().goods?.[one.subject]?.[language] ?? one.subject;
  if (kind === "thin_content") return own("analysis.part");
  if (kind === "no_tracking") return own("analysis.open");
  if (kind === "devices" && one.aspect) return `${one.subject} · ${one.aspect}`;
  if (kind === "ageing" && /^\d/.test(one.subject)) {
    const [from, to] = one.subject.split("-");
    return to ? t("analysis.ages", { from, to }) : t("analysis.agesFrom", { from });
  }
  return one.subject;
}

/** A day in the viewer's zone. */
export function dayText(at: string, language: string): string {
  return new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric" }).format(new Date(at));
}

/** What was found, in one sentence. */
export function sentence(found: Finding, said: Said): string {
  const { t, te, n } = said;
  const usual = found.expected_high !== null && found.kind !== "devices" && found.kind !== "thin_content" && found.kind !== "lead_time" ? found.expected_high : found.expected_low;
  const unit = found.kind === "dwell" || found.kind === "ageing" || found.kind === "no_tracking" || found.kind === "saturation" ? found.unit : found.kind === "hot_spots" ? "times" : "percent";
  const words = {
    subject: called(found.kind, found, said),
    other: found.other_name ?? found.other ?? "",
    action: found.aspect && te(`act.${found.aspect}`) ? t(`act.${found.aspect}`) : "",
    value: amount(found.value, found.unit, said),
    expected: usual == null ? "" : amount(usual, unit, said),
    hits: n(found.hits),
    n: n(found.n),
  };
  if (found.kind === "saturation" && found.value === 0) return t("analysis.said.full", words);
  return t(`analysis.said.${found.kind}`, words);
}

/** How far it may be trusted: the cases, the interval, and how often chance alone would do as much. */
export function confidence(found: Finding, said: Said): string[] {
  const { t, n, locale } = said;
  const told = [t(found.weakens.includes("small_sample") ? "analysis.onlyCases" : "analysis.cases", { n: n(found.n) })];
  if (found.at) {
    const days = [found.at_low, found.at_high].map((at) => (at ? dayText(at, locale.value) : t("analysis.never")));
    told.push(t("analysis.onDay", { day: dayText(found.at, locale.value), low: days[0], high: days[1] }));
  } else if (found.low != null && found.high != null) {
    told.push(t("analysis.interval", { low: amount(found.low, found.unit, said), high: amount(found.high, found.unit, said) }));
  }
  if (found.chance != null) told.push(t("analysis.chance", { n: n(Math.min(1_000_000, Math.max(1, Math.round(1 / Math.max(found.chance, 1e-6))))) }));
  return told;
}

/** The page that shows a piece of evidence; null where none does. `site`: whose, where it is not mine. */
export function wayOf(one: Evidence, site: string | null = null): string | null {
  const there = site === null ? "" : `?site=${site}`;
  if (one.about === "alarm") return `/alarms/${one.id}${there}`;
  if (one.about === "ticket") return `/tickets/${one.id}${there}`;
  if (one.about === "agent") return site === null ? `/agents/${one.id}` : `/sites#${site}`;
  if (one.about === "zone") return site === null ? "/warehouse" : `/sites#${site}`;
  if (one.about !== "entry") return wayTo(one.id);
  if (one.alarm) return `/alarms/${one.alarm}${there}`;
  return one.thing ? `${wayTo(one.thing)}#entry-${one.id}` : null;
}

/** What of a site can be named in a ticket about it: things, cases and people. */
export function linksOf(found: Finding): string[] {
  const named = [found.subject, found.other ?? "", ...found.evidence.filter((one) => one.about === "thing" || one.about === "case").map((one) => one.id)];
  return [...new Set(named.filter((id) => /\/[IPCU]-/.test(id)))].slice(0, 20);
}

/** The type of ticket that a finding is likely for; empty: a person says. */
export function typeOf(kind: Finding["kind"]): string {
  if (kind === "discrepancy") return "missing_goods";
  return kind === "devices" || kind === "lead_time" || kind === "late_capture" ? "equipment" : "";
}

/** A period of so many days up to now. */
export function lastDays(days: number, now: number): { since: string; until: string } {
  return { since: new Date(now - days * DAY_MS).toISOString(), until: new Date(now).toISOString() };
}

/** Where a figure begins and ends on a scale from 0 to `most`, in percent of it. */
export function barOf(figure: Figure, most: number): { width: number; from: number; to: number } {
  const part = (value: number | null | undefined) => Math.min(100, Math.max(0, (100 * (value ?? 0)) / (most || 1)));
  return { width: part(figure.value), from: part(figure.low ?? figure.value), to: part(figure.high ?? figure.value) };
}

/** The units at or below `own` that have sites of their own to be read, each with how far below it is. */
export function unitsBelow(own: string | null, units: readonly Unit[], sites: readonly Site[]): { unit: Unit; depth: number }[] {
  const depths = new Map<string, number>();
  for (const unit of units) {
    // each stands after its parent
    if (unit.id === own) depths.set(unit.id, 0);
    else if (unit.parent && depths.has(unit.parent)) depths.set(unit.id, depths.get(unit.parent)! + 1);
  }
  const found = units.filter((unit) => depths.has(unit.id)).map((unit) => ({ unit, depth: depths.get(unit.id)! }));
  return sites.some((site) => site.unit && depths.has(site.unit)) ? found : [];
}

/** A figure of each site, in the order of the sites, with that of all together before them. `few`: what is said of a site with too few cases. */
export function besides(compared: UnitSection["figures"][number], sites: readonly { id: string; name: string }[], all: string, few: (site: string) => string): Figure[] {
  const bar = (subject: string, name: string, value: Schemas["SiteValue"]): Figure => ({ ...value, subject, name, unit: compared.unit, course: [] });
  const own = sites.flatMap((site) => (compared.sites[site.id] ? [bar(site.id, site.name + few(site.id), compared.sites[site.id]!)] : []));
  return compared.together && own.length > 1 ? [bar("", all, compared.together), ...own] : own;
}

/** The figures of a section that belong on one scale, each group with its name. */
export function groupsOf(section: Section): { name: string; figures: Figure[] }[] {
  const groups = new Map<string, Figure[]>();
  for (const figure of section.figures) {
    const name = section.kind === "hot_spots" ? (figure.aspect ?? "") : figure.unit;
    groups.set(name, [...(groups.get(name) ?? []), figure]);
  }
  return [...groups].map(([name, figures]) => ({ name, figures }));
}
