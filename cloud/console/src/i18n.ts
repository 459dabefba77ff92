import { createI18n } from "vue-i18n";

import { type Language, chooseLanguage } from "./language";
import en from "./locales/en.json";
import zh from "./locales/zh-CN.json";

const KEPT = "sealtrail.language";

export const i18n = createI18n({
  legacy: false,
  locale: chooseLanguage(localStorage.getItem(KEPT), navigator.languages),
  fallbackLocale: "en",
  messages: { en, "zh-CN": zh },
});

/** Shows everything in `language` from now on, also after the next visit. */
export function speak(language: Language): void {
  i18n.global.locale.value = language;
  localStorage.setItem(KEPT, language);
  declareLanguage();
}

/** Tells the browser (and a screen reader) which language the page speaks. */
export function declareLanguage(): void {
  document.documentElement.lang = i18n.global.locale.value;
}
