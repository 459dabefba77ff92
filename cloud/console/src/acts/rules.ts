// What the rule pack lets whom do with a thing: the same rows of the pack that the server judges by, asked beforehand,
// so that nobody is offered a step that would be refused. The server has the last word.

import type { Role } from "../api/types";

/** A step of the pack, as its file says it (custody/packs). */
export interface Step {
  action: string;
  from: string[] | "any";
  to: string;
  rule: string;
  kinds?: string[];
  seats?: Role[][];
  more?: Role[][];
  above_fen?: number;
  passkey?: Role[];
  needs?: string[];
  live_s?: number;
  held?: boolean;
  by?: "gate";
}

type Wording = Record<"zh" | "en", string>;
type Limit = { hours?: number; days?: number; basis: Wording };

/** The parts of a pack that the console reads; one of the first format has fewer. */
export interface Content {
  states?: Record<string, Wording & { final?: boolean }>;
  steps?: Step[];
  decisions?: Record<string, Omit<Step, "action" | "from" | "to">>;
  rights?: Record<string, Role[]>;
  limits?: Record<string, Limit>;
  goods?: Record<string, Wording & { zones: string[] }>;
  zones?: Record<string, Wording>;
  slots?: { sizes?: string[] };
  gate?: { pass_lasts_s?: number; people_required?: Record<"in" | "out", number>; permit_longest_h?: number };
  seals?: { number?: string; photos_at_least?: number; fixes?: string[] };
  rules?: Record<string, Wording>;
}

/** What the rules look at of a thing. `method`: how it is to be disposed of. */
export interface Subject {
  kind: "item" | "package";
  state: string;
  held: boolean;
  value_fen: number;
  method: string | null;
}

/** A step that is offered. `alone`: my hand is enough, it is done at once. */
export interface Offer {
  step: Step;
  seats: Role[][];
  alone: boolean;
}

const RARE = ["correct", "declare_missing", "void", "empty", "split"];

/** The steps that somebody with `roles` may begin with `subject`, what leads on first, what is rare last. */
export function offers(content: Content, subject: Subject, roles: readonly Role[]): Offer[] {
  const found = (content.steps ?? []).filter((step) => step.by !== "gate" && suits(content, step, subject));
  const mine = found
    .map((step): Offer => {
      const seats = seatsOf(step, subject.value_fen);
      const signs = step.passkey?.some((role) => roles.includes(role)) ?? false;
      return { step, seats, alone: seats.length === 1 && !signs && !step.live_s };
    })
    .filter(({ seats }) => seats.some((seat) => seat.some((role) => roles.includes(role))));
  return mine.sort((one, other) => rank(one.step, subject.state) - rank(other.step, subject.state));
}

/** The steps from here that only a gate's own sensors can tell. */
export function atTheGate(content: Content, subject: Subject): Step[] {
  return (content.steps ?? []).filter((step) => step.by === "gate" && suits(content, step, subject));
}

/** The seats where the things together are worth `value_fen`. */
export function seatsOf(step: Pick<Step, "seats" | "more" | "above_fen">, value_fen: number): Role[][] {
  const extra = step.above_fen !== undefined && value_fen >= step.above_fen;
  return [...(step.seats ?? []), ...(extra ? (step.more ?? []) : [])];
}

/** Whether one of `roles` has the right `name`. */
export function may(content: Content | null, name: string, roles: readonly Role[]): boolean {
  return content?.rights?.[name]?.some((role) => roles.includes(role)) ?? false;
}

/** A limit in hours; null where the pack has none of that name. */
export function hoursOf(content: Content, name: string): number | null {
  const limit = content.limits?.[name];
  return limit ? (limit.hours ?? 0) + 24 * (limit.days ?? 0) : null;
}

/** A text of the pack in the language spoken. */
export function inWords(wording: Wording | undefined, language: string): string | null {
  return wording?.[language.startsWith("zh") ? "zh" : "en"] ?? null;
}

function suits(content: Content, step: Step, { kind, state, held, method }: Subject): boolean {
  const from = step.from === "any" ? content.states?.[state]?.final !== true : step.from.includes(state);
  const way = state !== "leaving" || step.by === "gate" || step.action === "correct" || step.action === method;
  return from && way && (!held || step.held === true) && (step.kinds ?? ["item", "package"]).includes(kind);
}

function rank(step: Step, state: string): number {
  if (RARE.includes(step.action)) return 2;
  return step.to === "same" || step.to === state || step.action.startsWith("withdraw") ? 1 : 0;
}
