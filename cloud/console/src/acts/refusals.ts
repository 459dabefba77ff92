// What went wrong with an act, in words: why, by which rule, and what to do next.

import type { Composer } from "vue-i18n";

import { type Ahead, Problem, tell } from "../api/problem";
import { clockTime } from "../time";
import { inWords } from "./rules";
import { PasskeyProblem } from "./webauthn";

export interface Told {
  why: string;
  rule: string | null;
  ruleWords: string | null;
  /** What can be done about it. */
  next: string | null;
  /** Where that is done. */
  to: string | null;
  /** What the server says beside it, such as who was quicker. */
  detail: string | null;
}

const WAYS: Record<string, string> = { no_passkey: "/me", passkey: "/me", no_browser: "/me", none_yet: "/me" };
const WITH_DETAIL = ["changed", "act_open", "does_not_add_up", "not_empty", "seal_number_taken", "another_content", "ended"];

function aheadOf({ who, what, at }: Ahead, { t, te, locale }: Pick<Composer, "t" | "te" | "locale">): string {
  const group = te(`act.${what}`) ? "act" : "record";
  return t("act.ahead", { who, what: te(`${group}.${what}`) ? t(`${group}.${what}`) : what, at: clockTime(at, locale.value) });
}

/** The words for `error`, in the language spoken. */
export function told(error: unknown, composer: Pick<Composer, "t" | "te" | "locale">): Told {
  const { t, te, locale } = composer;
  if (error instanceof PasskeyProblem) {
    const next = te(`act.next_${error.code}`) ? t(`act.next_${error.code}`) : null;
    return { why: t(`passkey.${error.code}`), rule: null, ruleWords: null, next, to: WAYS[error.code] ?? null, detail: null };
  }
  const why = tell(error, composer);
  if (!(error instanceof Problem)) return { why, rule: null, ruleWords: null, next: null, to: null, detail: null };
  const name = error.reason ?? error.code;
  return {
    why,
    rule: error.rule,
    ruleWords: inWords(error.ruleText ?? undefined, locale.value),
    next: te(`act.next_${name}`) ? t(`act.next_${name}`) : null,
    to: WAYS[name] ?? null,
    detail: error.ahead ? aheadOf(error.ahead, composer) : WITH_DETAIL.includes(error.code) || error.reason === "unsuitable_slot" ? error.detail : null,
  };
}
