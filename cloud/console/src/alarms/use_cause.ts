import { useI18n } from "vue-i18n";

import type { Alarm } from "./alarms";

type Caused = Pick<Alarm, "cause" | "detail">;

/** What an alarm is about: the words of a rule stand in the alarm itself, as the rule was when it was raised. */
export function useCause(): (alarm: Caused) => string {
  const { t, te, locale } = useI18n();
  return ({ cause, detail }) => {
    const name = (detail as { name?: Record<string, string> }).name;
    if (cause.startsWith("rule.") && name) return name[locale.value === "en" ? "en" : "zh"] ?? cause;
    return te(`cause.${cause}`) ? t(`cause.${cause}`) : t("cause.other", { cause });
  };
}

/** What is worth a line of an alarm's details: plain values, also those that a rule saw. */
export function plainDetails(alarm: Pick<Alarm, "detail">): [string, string | number][] {
  const { seen, name: _, ...told } = alarm.detail as Record<string, unknown>;
  const all = { ...told, ...(seen as Record<string, unknown> | undefined) };
  return Object.entries(all).filter((each): each is [string, string | number] => ["string", "number"].includes(typeof each[1]));
}
