import { call } from "../api/client";
import type { components } from "../api/schema";
import { wayTo } from "../ways";

type Schemas = components["schemas"];

export type Hit = Schemas["Hit"];
export type Group = Schemas["Group"];
export type HitKind = Schemas["HitKind"];
export type Field = Schemas["FoundField"];

export const HIT_KINDS: readonly HitKind[] = ["case", "item", "package", "ticket", "alarm", "permit", "person", "slot", "agent", "print_job"];

/** What is found for `q`; with `kind`, a page of that kind alone. Throws Problem. */
export async function search(q: string, signal: AbortSignal, more: { kind?: HitKind | null; before?: number | null; limit: number }): Promise<Group[]> {
  const query = { q, limit: more.limit, before: more.before ?? null, kind: more.kind ? [more.kind] : null };
  return (await call("get", "/api/v1/search", { query, signal })).groups;
}

/** Where what was found is shown. */
export function wayToHit(hit: Pick<Hit, "kind" | "thing" | "alarm">): string {
  const id = hit.thing.slice(hit.thing.indexOf("/") + 1);
  if (hit.kind === "ticket") return `/tickets/${id.slice(2)}`;
  if (hit.kind === "alarm") return `/alarms/${hit.alarm}`;
  if (hit.kind === "agent") return `/agents/${hit.thing}`;
  if (hit.kind === "slot") return `/warehouse?slot=${hit.thing}`;
  return wayTo(hit.thing);
}
