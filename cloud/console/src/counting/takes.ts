// A stock-take with the places to count, from the server or, without a network, as this phone last saw it.
import { call } from "../api/client";
import { Problem } from "../api/problem";
import type { components } from "../api/schema";
import { keepTake, takeKept } from "./store";

type Schemas = components["schemas"];

export type StockTake = Schemas["StockTake"];
export type Places = Schemas["PlaceRows"];
export type Difference = Schemas["Difference"];

const SEATS = ["keeper", "bookkeeper"] as const;

export interface Opened {
  take: StockTake;
  places: Places | null;
  /** The server did not answer; this is what was seen before. */
  old: boolean;
}

/** The stock-take `id` as `person` sees it. Throws Problem where it is neither there nor kept. */
export async function openTake(id: string, person: string, signal: AbortSignal): Promise<Opened> {
  try {
    const take = await call("get", "/api/v1/stock-takes/{id}", { path: { id }, signal });
    const places = take.state === "open" ? null : await call("get", "/api/v1/stock-takes/{id}/places", { path: { id }, signal });
    await keepTake({ id, person, take, places });
    return { take, places, old: false };
  } catch (error) {
    const kept = isOffline(error) ? await takeKept<StockTake, Places | null>(id, person) : null;
    if (kept === null) throw error;
    return { take: kept.take, places: kept.places, old: true };
  }
}

function isOffline(error: unknown): boolean {
  return error instanceof Problem && error.status === 0;
}

/** Whether `person` counts it, or may take a free seat by counting first. */
export function counts(take: StockTake, person: { id: string; roles: readonly string[] }): boolean {
  if (take.state !== "counting") return false;
  if (take.seat) return !take[take.seat].closed;
  if (take.opened_by === person.id) return false;
  return SEATS.some((seat) => take[seat].person === null && person.roles.includes(seat));
}

/** The stock-takes that wait for the count of `person`. */
export async function takesFor(person: { id: string; roles: readonly string[] }): Promise<StockTake[]> {
  if (!SEATS.some((seat) => person.roles.includes(seat))) return [];
  const { rows } = await call("get", "/api/v1/stock-takes", { query: { running: true, limit: 500 } });
  return rows.filter((take) => counts(take, person));
}

/** What is counted, in words; `t` is the translator of the page. */
export function titleOf(take: StockTake, t: (key: string, named: Record<string, string>) => string): string {
  return t(take.kind === "zone" ? "stockTake.kindOfZone" : `stockTake.kind_${take.kind}`, { zone: take.zone_name ?? "" });
}
