import { reactive } from "vue";

import { call } from "./api/client";

const names = reactive(new Map<string, string>());
const asked = new Set<string>();

/** The name of an item, a person, a slot or a zone by id, the seal number of a package, the number of a case; asked for when first needed, null until known and for nameless things. */
export function nameOf(id: string): string | null {
  if (!asked.has(id)) {
    asked.add(id);
    if (id.includes("/I-")) void askItem(id);
    if (id.includes("/P-")) void askPackage(id);
    if (id.includes("/C-")) void askCase(id);
    if (id.includes("/U-")) void askPeople();
    if (id.includes("/S-")) void askSlots();
    if (id.includes("/Z-")) void askZones();
  }
  return names.get(id) ?? null;
}

/** What people call `id`: its name, else its number without the site. */
export function calledBy(id: string): string {
  return nameOf(id) ?? id.slice(id.indexOf("/") + 1);
}

/** Remembers names that came along with other answers. */
export function learn(things: readonly { id: string; name: string }[]): void {
  for (const thing of things) {
    asked.add(thing.id);
    names.set(thing.id, thing.name);
  }
}

async function askItem(id: string): Promise<void> {
  const item = await call("get", "/api/v1/items/{id}", { path: { id } }).catch(() => null);
  if (item) names.set(id, item.name);
}

async function askPackage(id: string): Promise<void> {
  const box = await call("get", "/api/v1/packages/{id}", { path: { id } }).catch(() => null);
  if (!box) return;
  names.set(id, box.seal_number);
  learn(box.items);
}

async function askCase(id: string): Promise<void> {
  const about = await call("get", "/api/v1/cases/{id}", { path: { id } }).catch(() => null);
  if (about) names.set(id, about.number);
}

async function askSlots(): Promise<void> {
  const slots = await call("get", "/api/v1/slots", { query: { limit: 500 } }).catch(() => null);
  if (slots) learn(slots.rows);
}

async function askZones(): Promise<void> {
  const zones = await call("get", "/api/v1/zones", {}).catch(() => null);
  if (zones) learn(zones.rows);
}

let asking: Promise<void> | null = null;

async function askPeople(): Promise<void> {
  asking ??= call("get", "/api/v1/people", {}).then(
    (people) => learn(people.rows),
    () => undefined,
  );
  await asking;
  asking = null;
}
