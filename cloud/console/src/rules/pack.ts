// The rule pack in force as the pages read it. The server decides by it; here it only says what to show.
import { computed, type ComputedRef, shallowRef } from "vue";

import { call } from "../api/client";
import type { components } from "../api/schema";
import { person } from "../session";

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
  limits?: Record<string, { hours?: number; days?: number; basis: Words }>;
  zones?: Record<string, Words & { people_required?: number; audit_interval_days?: number; sample?: number }>;
  goods?: Record<string, Words & { zones: string[] }>;
  slots?: { sizes?: string[] };
  rules?: Record<string, Words>;
}

export function contentOf(pack: Pack): Content {
  return pack.content as unknown as Content;
}

const known = shallowRef<Rules | null>(null);
let asking: Promise<Rules> | null = null;

/** The rules of my site, asked for once; `anew` after they may have changed. Throws Problem. */
export async function loadRules(anew = false): Promise<Rules> {
  if (anew) asking = null;
  asking ??= call("get", "/api/v1/rules", {});
  try {
    return (known.value = await asking);
  } catch (error) {
    asking = null;
    throw error;
  }
}

/** The content of the pack in force; null until it is known. */
export const packContent = computed(() => (known.value === null ? null : contentOf(known.value.in_force)));

/** Whether my roles have `right`; false until the rules are known. Only to show or hide: the server decides. */
export function useMay(right: string): ComputedRef<boolean> {
  void loadRules().catch(() => undefined);
  return computed(() => {
    const roles = packContent.value?.rights?.[right] ?? [];
    return person.value?.roles.some((role) => roles.includes(role)) ?? false;
  });
}
