// Webhooks: the systems that are told of a site's ledger, and what became of each telling.
import { call } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Webhook = Schemas["Webhook"];
export type Delivery = Schemas["Delivery"];
export type Made = Schemas["MadeWebhook"];

/** What is offered by name, and the kinds of events that it stands for. */
export const FAMILIES = {
  alarms: ["record.alarm_*"],
  tickets: ["record.ticket_*", "record.rectification_*"],
  passages: ["fact.passage_*"],
  doors: ["fact.door_*"],
  custody: ["record.custody_step", "record.package_sealed", "record.item_shelved"],
  facts: ["fact.*"],
  records: ["record.*"],
} as const satisfies Record<string, readonly string[]>;

export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

const PATTERN = /^(fact|record)\.([a-z][a-z0-9_]{0,63}|([a-z][a-z0-9_]{0,62})?\*)$/;

/** The families in `events`, and what none of them says, as somebody types it. */
export function parted(events: readonly string[]): { families: Family[]; more: string } {
  const families = FAMILY_NAMES.filter((name) => FAMILIES[name].every((kind) => events.includes(kind)));
  const said = new Set<string>(families.flatMap((name) => [...FAMILIES[name]]));
  return { families, more: events.filter((kind) => !said.has(kind)).join(" ") };
}

/** The kinds of events of `families` and of what was typed; null where something typed is none. */
export function joined(families: readonly Family[], more: string): string[] | null {
  const typed = more.split(/[\s,，、]+/).filter(Boolean);
  if (!typed.every((kind) => PATTERN.test(kind))) return null;
  return [...new Set<string>([...families.flatMap((name) => [...FAMILIES[name]]), ...typed])];
}

/** How a webhook stands, and how that looks. */
export function standing(webhook: Webhook): { state: "ended" | "paused" | "failing" | "well" | "new"; tag: string } {
  if (webhook.ended_at) return { state: "ended", tag: "" };
  if (webhook.paused) return { state: "paused", tag: "warn" };
  if (webhook.failures) return { state: "failing", tag: "no" };
  return webhook.sent_at ? { state: "well", tag: "ok" } : { state: "new", tag: "" };
}

export const DELIVERY_TAGS: Record<Delivery["state"], string> = { waiting: "accent", done: "ok", parked: "no", failed: "no", dropped: "" };

/** The part of a webhook's id that stands in addresses. */
export function shortName(webhook: { id: string }): string {
  return webhook.id.slice(webhook.id.indexOf("/") + 1);
}

export async function loadWebhooks(signal: AbortSignal): Promise<Webhook[]> {
  return (await call("get", "/api/v1/webhooks", { signal })).rows;
}

/** A webhook with a page of its deliveries. */
export async function loadWebhook(name: string, state: Delivery["state"] | "", signal: AbortSignal) {
  const path = { name };
  const [webhook, deliveries] = await Promise.all([
    call("get", "/api/v1/webhooks/{name}", { path, signal }),
    call("get", "/api/v1/webhooks/{name}/deliveries", { path, query: state ? { state } : {}, signal }),
  ]);
  return { webhook, deliveries };
}
