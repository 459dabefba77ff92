// How far a case has come, and what the law still gives it time for.

import { type Content, hoursOf } from "./rules";

/** The stages of a case's life, in order; a thing counts for the furthest it has come to. */
export const STAGES = ["registered", "sealed", "handed_over", "stored", "away", "ended"] as const;
export type Stage = (typeof STAGES)[number];

const STAGE_OF: Record<string, Stage> = {
  intake: "registered",
  sealed: "sealed",
  received: "handed_over",
  arrived: "handed_over",
  stored: "stored",
  opened: "stored",
  release_approved: "stored",
  disposal_approved: "stored",
  returned: "stored",
  missing: "away",
  out: "away",
  leaving: "away",
};

export function stageOf(state: string): Stage {
  return STAGE_OF[state] ?? "ended";
}

/** How many of `states` are at each stage. */
export function progress(states: readonly string[]): Record<Stage, number> {
  const counts = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
  for (const state of states) counts[stageOf(state)] += 1;
  return counts;
}

export interface Clock {
  name: string;
  until: Date;
  days: number;
  /** Part of the time that is over, 0 to 1. */
  part: number;
  basis: { zh: string; en: string };
}

const CLOCKS = ["preservation", "case_decision"];

/** The legal clocks that run from the opening of a case, those that the pack has. */
export function clocks(content: Content, opened_at: string, now: Date): Clock[] {
  const start = Date.parse(opened_at);
  return CLOCKS.flatMap((name) => {
    const hours = hoursOf(content, name);
    const limit = content.limits?.[name];
    if (hours === null || limit === undefined) return [];
    const until = new Date(start + hours * 3_600_000);
    const left = until.getTime() - now.getTime();
    return [{ name, until, days: Math.ceil(left / 86_400_000), part: Math.min(1, (now.getTime() - start) / (until.getTime() - start)), basis: limit.basis }];
  });
}
