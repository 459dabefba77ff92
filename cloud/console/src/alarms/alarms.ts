// An alarm with its life: who heard of it, what was done about it, and the codes by which one is over.
import { packContent } from "../rules/pack";
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Alarm = Schemas["Alarm"];
export type AlarmWhole = Schemas["AlarmWhole"];
export type AlarmStep = Schemas["AlarmWhole"]["steps"][number];

/** Of the tag that says how an alarm stands. */
export const TAGS = { new: "no", known: "accent", shelved: "", owed: "warn", over: "ok" } as const;

export const SEVERITIES = ["critical", "major", "warning", "info"] as const;

type Words = { zh: string; en: string };

/** The codes of the rule pack in force, each with its words; empty before it is known or where it has none. */
export function clearCodes(language: "zh" | "en"): { code: string; words: string }[] {
  const content = packContent.value as { alarms?: { clear_codes?: Record<string, Words> } } | null;
  return Object.entries(content?.alarms?.clear_codes ?? {}).map(([code, words]) => ({ code, words: words[language] }));
}

type Times = Pick<Alarm, "acknowledged_by" | "shelved_until" | "cleared_at" | "cleared_code" | "answer_due_at">;

/** Whether somebody takes care of it: acknowledged, or set aside for now; once over by itself, what it was may be owed. */
export function standing(alarm: Times, now = Date.now()): "new" | "known" | "shelved" | "owed" | "over" {
  if (alarm.cleared_at) return alarm.answer_due_at && !alarm.cleared_code ? "owed" : "over";
  if (alarm.shelved_until && new Date(alarm.shelved_until).getTime() > now) return "shelved";
  return alarm.acknowledged_by ? "known" : "new";
}
