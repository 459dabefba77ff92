// The rule pack in force as the pages read it. The server decides by it; here it only says what to show.
import { computed, type ComputedRef } from "vue";

import { inForce, mayI } from "../acts/rule_books";
import { call } from "../api/client";
import type { components } from "../api/schema";

export type Rules = components["schemas"]["Rules"];
export type Pack = components["schemas"]["Pack"];

/** A text in both languages. */
export interface Words {
  zh: string;
  en: string;
}

export interface Step {
  action: string;
  from: string[] | "any";
  to: string;
  kinds?: string[];
  seats?: string[][];
  more?: string[][];
  above_fen?: number;
  passkey?: string[];
  apart?: string[];
  needs?: string[];
  by?: string;
  live_s?: number;
  waits?: string;
  held: boolean;
  rule: string;
}

export interface Decision {
  seats: string[][];
  passkey?: string[];
  needs?: string[];
  waits?: string;
  rule: string;
}

/** What of a pack's content the pages show. */
export interface Content {
  states: Record<string, Words & { start?: string[]; final?: boolean }>;
  steps: Step[];
  decisions?: Record<string, Decision>;
  rights?: Record<string, string[]>;
  /** Roles that nobody has together. */
  exclusive?: string[][];
  limits?: Record<string, { hours?: number; days?: number; basis: Words }>;
  zones?: Record<string, Words & { people_required?: number; audit_interval_days?: number; sample?: number }>;
  goods?: Record<string, Words & { zones: string[] }>;
  slots?: { sizes?: string[] };
  rules?: Record<string, Words>;
  alarm_rules?: Record<string, AlarmRule>;
}

/** A rule of alarms; see custody/alarm_rules.py for what each `when` has. */
export interface AlarmRule {
  name: Words;
  severity: string;
  when: "event" | "count" | "sequence" | "absence" | "threshold" | "rate";
  times?: number;
  within_s?: number;
  for_s?: number;
  at_least?: number;
  at_most?: number;
  change?: number;
}

export function contentOf(pack: Pack): Content {
  return pack.content as unknown as Content;
}

/** The rules of my site, with what was in force before. Throws Problem. */
export async function loadRules(): Promise<Rules> {
  return call("get", "/api/v1/rules", {});
}

/** The content of the pack in force; null until it is known. */
export const packContent = computed(() => (inForce.value === null ? null : (inForce.value.content as unknown as Content)));

/** Whether I have `right` under the rules in force. Only to show or hide: the server decides. */
export function useMay(right: string): ComputedRef<boolean> {
  return computed(() => mayI(right));
}
