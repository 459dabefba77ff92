// What a browser calls itself (RFC 9110, User-Agent), in two words for people: the program and the system it runs on.
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/MicroMessenger\//, "WeChat"], // before what it is built of: each names those it descends from, too
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/(Firefox|FxiOS)\//, "Firefox"],
  [/(Chrome|Chromium|CriOS)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/HarmonyOS|OpenHarmony/, "HarmonyOS"],
  [/Android/, "Android"],
  [/iPhone|iPad|iPod/, "iOS"],
  [/Windows/, "Windows"],
  [/Macintosh|Mac OS X/, "macOS"],
  [/Linux|X11/, "Linux"],
];

/** `Firefox · Windows`; null where it says nothing that is known. */
export function browserName(told: string | null | undefined): string | null {
  const known = [PROGRAMS, SYSTEMS].map((names) => names.find(([sign]) => sign.test(told ?? ""))?.[1]);
  return known.filter(Boolean).join(" · ") || null;
}
