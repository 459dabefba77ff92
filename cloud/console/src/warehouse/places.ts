// The zones and slots of my site, and where a thing lies.
import { call } from "../api/client";
import { Problem } from "../api/problem";
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Zone = Schemas["Zone"];
export type Slot = Schemas["Slot"];
export type SlotState = Slot["state"];

export const SLOT_STATES: readonly SlotState[] = ["free", "part", "full", "reserved", "mismatch"];

export async function loadZones(signal: AbortSignal): Promise<Zone[]> {
  return (await call("get", "/api/v1/zones", { signal })).rows;
}

/** All slots, by name, however many pages they come in. */
export async function loadSlots(signal: AbortSignal): Promise<Slot[]> {
  const slots: Slot[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page: Schemas["SlotRows"] = await call("get", "/api/v1/slots", { query: { after, limit: 500 }, signal });
    slots.push(...page.rows);
    after = page.next;
  }
  return slots;
}

/** A thing with where it lies; `slot` is null for one that lies in none. */
export interface Whereabouts {
  id: string;
  name: string;
  state: string;
  box: string | null;
  slot: string | null;
  slotName: string | null;
  zone: string | null;
}

/** Where the item or package `id` lies, an item in the slot of its package; null where there is no such thing. */
export async function whereIs(id: string, signal?: AbortSignal): Promise<Whereabouts | null> {
  try {
    if (id.includes("/P-")) {
      const box = await call("get", "/api/v1/packages/{id}", { path: { id }, signal });
      return told(box.id, box.seal_number, box.state, null, box.custody);
    }
    const item = await call("get", "/api/v1/items/{id}", { path: { id }, signal });
    return told(item.id, item.name, item.state, item.package_id, item.custody);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

type Custody = Schemas["Custody"] | null | undefined;

function told(id: string, name: string, state: string, box: string | null, custody: Custody): Whereabouts {
  const { slot = null, slot_name: slotName = null, zone = null } = custody ?? {};
  return { id, name, state, box, slot, slotName, zone };
}

/** Lights the slot that `thing` lies in. */
export async function light(thing: string): Promise<Schemas["Located"]> {
  return call("post", "/api/v1/slots/locate", { body: { thing, seconds: 120 } });
}

/** `many` by what `key` says of each. */
export function grouped<Key, Value>(many: readonly Value[], key: (each: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const each of many) {
    const group = groups.get(key(each));
    if (group) group.push(each);
    else groups.set(key(each), [each]);
  }
  return groups;
}
