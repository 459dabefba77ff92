import { call } from "../api/client";
import type { components } from "../api/schema";
import { wayTo } from "../ways";

type Schemas = components["schemas"];

export type Together = Schemas["Together"];
export type Link = Schemas["Link"];
export type Instant = Schemas["Instant"];

/** What belongs to an entry of the ledger of `site`, or to a thing of it by its id. Throws Problem. */
export function togetherWith(site: string, about: { entry?: number; thing?: string }, signal: AbortSignal): Promise<Together> {
  const query = { site };
  if (about.entry !== undefined) return call("get", "/api/v1/together/entries/{entry}", { path: { entry: about.entry }, query, signal });
  return call("get", "/api/v1/together/things/{id}", { path: { id: about.thing ?? "" }, query, signal });
}

/** Where a link leads. */
export function wayToLink(link: Pick<Link, "kind" | "thing" | "alarm">): string {
  if (link.kind === "ticket") return `/tickets/${link.thing.slice(link.thing.indexOf("/T-") + 3)}`;
  if (link.kind === "alarm") return `/alarms/${link.alarm}`;
  if (link.kind === "slot") return `/warehouse?slot=${link.thing}`;
  return wayTo(link.thing);
}

/** Several names as people write them in one line, each once. */
export function several(text: string): string[] {
  const names = text.split(/[、,，;；\n]/).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}
