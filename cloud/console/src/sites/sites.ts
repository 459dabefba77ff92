// Several sites at once: which needs somebody first, and what lives where. Pure, so that it can be tried.
import { type Alarm, SEVERITIES } from "../alarms/alarms";
import type { components } from "../api/schema";

export type SiteState = components["schemas"]["SiteState"];
export type Tone = "no" | "warn" | "ok" | "";

/** The colour of a site's racks, by its zones: red where one is full, yellow where one is nearly; none without racks. */
export function rackTone(site: Pick<SiteState, "zones" | "zones_full" | "zones_filling">): Tone {
  if (site.zones === 0) return "";
  return site.zones_full > 0 ? "no" : site.zones_filling > 0 ? "warn" : "ok";
}

/** How a site is as a whole: red is for somebody at once, yellow for today. */
export function toneOf(site: SiteState): Tone {
  if (site.critical > 0 || site.major > 0 || site.overdue > 0) return "no";
  return site.warning > 0 || site.agents_offline > 0 || rackTone(site) === "no" || rackTone(site) === "warn" ? "warn" : "ok";
}

/** Those that need somebody first; those alike stay in the order of their ids. */
export function inNeed(sites: readonly SiteState[]): SiteState[] {
  const need = (site: SiteState) => [site.critical, site.major, site.overdue, site.warning, site.agents_offline, site.zones_full, site.zones_filling];
  return [...sites].sort((one, other) => {
    const [a, b] = [need(one), need(other)];
    const at = a.findIndex((value, place) => value !== b[place]);
    return at < 0 ? one.id.localeCompare(other.id) : b[at]! - a[at]!;
  });
}

/** `alarms` in their order, by site; the site of the first comes first. */
export function bySite<Row extends Pick<Alarm, "site">>(alarms: readonly Row[]): { site: string; rows: Row[] }[] {
  const groups = new Map<string, Row[]>();
  for (const alarm of alarms) groups.set(alarm.site, [...(groups.get(alarm.site) ?? []), alarm]);
  return [...groups].map(([site, rows]) => ({ site, rows }));
}

/** How many live at a site. */
export function livingAt(site: SiteState): number {
  return SEVERITIES.reduce((sum, severity) => sum + site[severity], 0);
}
