// Tickets as the pages show them, their types as the rule pack names them.
import { packContent } from "../rules/pack";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type TicketRow = Schemas["TicketRow"];
export type TicketWhole = Schemas["TicketWhole"];
export type TicketEntry = Schemas["TicketEntry"];
export type TicketAct = Schemas["Answered"] | Schemas["Evaluated"] | Schemas["Said"] | Schemas["Reassigned"] | Schemas["Rectified"] | Schemas["Remedied"];

export const STATES = ["reported", "checked", "replied", "satisfied"] as const;
export const STEPS = ["check", "reply", "evaluate", "remedy", "confirm", "comment", "urge", "reassign", "pause", "resume", "rectify"] as const;
export type StepName = (typeof STEPS)[number];

interface Words {
  zh: string;
  en: string;
}
type Types = Record<string, Words & { template?: Words }>;
type What = "open" | "answer" | "evaluate" | "supervise";
const KEPT = "sealtrail.ticket_types";

/** The types of the rules in force; those last seen on this device while they are not known, as without a network. */
export function ticketTypes(): Types {
  const told = (packContent.value as { tickets?: { types?: Types } } | null)?.tickets?.types;
  if (told) localStorage.setItem(KEPT, JSON.stringify(told));
  return told ?? (JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Types);
}

export function typeName(type: string, locale: string): string {
  const found = ticketTypes()[type];
  return found ? (locale === "en" ? found.en : found.zh) : type;
}

/** What a report of `type` has to say, to be filled in; empty where the rules say nothing of it. */
export function templateOf(type: string, locale: string): string {
  const found = ticketTypes()[type]?.template;
  return (locale === "en" ? found?.en : found?.zh) ?? "";
}

/** Whether one of `roles` may `what` by the rules in force; nobody while they are not known. */
export function mayInTickets(roles: readonly string[], what: What): boolean {
  const who = (packContent.value as { tickets?: { who?: Record<What, string[]> } } | null)?.tickets?.who;
  return who?.[what].some((role) => roles.includes(role)) ?? false;
}

/** Those of `people` who answer tickets and still have an account. */
export function answerers<Row extends { roles: readonly string[]; disabled_at?: string | null }>(people: readonly Row[]): Row[] {
  return people.filter((each) => !each.disabled_at && mayInTickets(each.roles, "answer"));
}

interface RoutedBy {
  rule: string;
  pick: "least_loaded" | "rota";
  open: number;
}

/** By which rule the entry that opened a ticket says whom it is for; null where somebody said so, or nobody. */
export function routedBy(entry: TicketEntry): RoutedBy | null {
  return (entry.told?.routed_by as RoutedBy | null | undefined) ?? null;
}

/** Why, in the words of the rules in force; its id where they do not know it any more. */
export function ruleWords(rule: string, locale: string): string {
  const rules = (packContent.value as { tickets?: { routing?: { id: string; zh: string; en: string }[] } } | null)?.tickets?.routing;
  const found = rules?.find((each) => each.id === rule);
  return found ? (locale === "en" ? found.en : found.zh) : rule;
}
