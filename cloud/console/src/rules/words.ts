import { useI18n } from "vue-i18n";

import type { Words } from "./pack";

const NO_WORDS = { zh: "", en: "" };

/** How the parts of a rule pack are said: what the pack itself has words for, and what the console knows. */
export function useRuleWords() {
  const { t, te, n, locale } = useI18n();
  const named = (group: string, value: string) => (te(`${group}.${value}`) ? t(`${group}.${value}`) : value.replaceAll("_", " "));
  const list = (words: string[], type: "conjunction" | "disjunction" = "conjunction") =>
    new Intl.ListFormat(locale.value, { type, style: "short" }).format(words);
  const words = (told: Words | undefined) => (told ?? NO_WORDS)[locale.value === "zh-CN" ? "zh" : "en"];
  return {
    words,
    action: (name: string) => named("rules.action", name),
    role: (name: string) => named("role", name),
    need: (name: string) => named("rules.need", name),
    right: (name: string) => named("rules.right", name),
    limit: (name: string) => named("rules.limit", name),
    list,
    /** Every seat on its own; the roles that may sit there. */
    seats: (seats: readonly (readonly string[])[]) => seats.map((roles) => list(roles.map((role) => named("role", role)), "disjunction")),
    length: (told: { hours?: number; days?: number }) =>
      told.days === undefined ? t("rules.hours", { n: n(told.hours ?? 0) }, told.hours ?? 0) : t("rules.days", { n: n(told.days) }, told.days),
  };
}
