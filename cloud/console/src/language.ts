export type Language = "zh-CN" | "en";

/** The language to begin with: the one chosen before, else Chinese for a browser that prefers any Chinese. */
export function chooseLanguage(kept: string | null, preferred: readonly string[]): Language {
  if (kept === "zh-CN" || kept === "en") return kept;
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return "zh-CN";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "en";
}
