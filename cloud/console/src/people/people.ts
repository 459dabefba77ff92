// The people of a site, and what the rule pack in force lets them do.
import { call } from "../api/client";
import type { components } from "../api/schema";
import type { Role } from "../api/types";
import type { Content } from "../rules/pack";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Site = Schemas["Site"];

/** How many characters a password has at least. */
export const SHORTEST = 12;

/** All roles there are, as the server's own list has them. */
export const ROLES: readonly Role[] = [
  "inspector", "case_handler", "keeper", "bookkeeper", "approver", "leader", "supervisor", "operator", "auditor", "admin",
]; // prettier-ignore

/** The accounts of `site`, those in use first. Throws Problem. */
export async function loadPeople(site: string, signal: AbortSignal): Promise<Account[]> {
  const { rows } = await call("get", "/api/v1/people", { query: { site, disabled: true }, signal });
  return rows.sort((one, other) => Number(one.disabled_at != null) - Number(other.disabled_at != null));
}

export interface Filter {
  words: string;
  role: Role | "";
  state: "" | "used" | "disabled";
}

/** Whether `account` has all that is asked for: every word in its name, user name or id. */
export function suits(account: Account, { words, role, state }: Filter): boolean {
  const told = `${account.name} ${account.username} ${account.id}`.toLowerCase();
  const found = words.toLowerCase().split(/\s+/).every((word) => told.includes(word));
  const disabled = account.disabled_at != null;
  return found && (role === "" || account.roles.includes(role)) && (state === "" || disabled === (state === "disabled"));
}

export interface Duties {
  /** Rights that need nobody else. */
  rights: string[];
  /** Steps and decisions in which one of this role may have a seat. */
  signs: string[];
}

/** What somebody may do as `role` by `content`, each once, as the pack has it. */
export function dutiesOf(content: Content, role: Role): Duties {
  const rights = Object.entries(content.rights ?? {}).filter(([, roles]) => roles.includes(role));
  const seated = (seats: readonly string[][] = []) => seats.some((seat) => seat.includes(role));
  const steps = content.steps.filter((step) => seated(step.seats) || seated(step.more)).map((step) => step.action);
  const decisions = Object.entries(content.decisions ?? {}).filter(([, decision]) => seated(decision.seats));
  return { rights: rights.map(([name]) => name), signs: [...new Set([...steps, ...decisions.map(([name]) => name)])] };
}

/** The site that a person's id names. */
export function siteOf(id: string): string {
  return id.slice(0, id.indexOf("/"));
}
