// Dark or light: as the system says, or as somebody chose for this browser. Paper is always light (styles/tokens.css).
import { ref, watchEffect } from "vue";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "sealtrail.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = ref(dark.matches);
const kept = localStorage.getItem(KEPT);

/** What was chosen; kept. */
export const theme = ref<Theme>(THEMES.find((each) => each === kept) ?? "system");

/** Chooses `wanted` from now on, also after the next visit. */
export function chooseTheme(wanted: Theme): void {
  theme.value = wanted;
  localStorage.setItem(KEPT, wanted);
}

/** The other of dark and light than is shown. */
export function otherTheme(): void {
  chooseTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

dark.addEventListener("change", () => (systemDark.value = dark.matches));
watchEffect(() => {
  const shown = theme.value === "system" ? (systemDark.value ? "dark" : "light") : theme.value;
  document.documentElement.dataset.theme = shown;
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) meta.content = shown === "dark" ? "#151b1e" : "#ffffff";
});
