import { useI18n } from "vue-i18n";

/** Words for a value of an enumeration (`state`, `reason`, `fact` …); a value newer than this page is shown as it is. */
export function useWords(): (group: string, value: string) => string {
  const { t, te } = useI18n();
  return (group, value) => (te(`${group}.${value}`) ? t(`${group}.${value}`) : value);
}
