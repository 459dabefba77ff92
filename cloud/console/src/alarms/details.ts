// How the details of an alarm read to people: by the unit in their name, and by what their value is.
import { kilograms } from "../acts/details";

export type DetailKind = "time" | "thing" | "entry" | "plain";
type Value = string | number;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const THING = /^[a-z0-9-]+\/(?:[SPIUX]-[A-Z2-7]|T-[A-Z2-7]{10}$)/;

/** What `value` is; a thing is one that has a page. */
export function kindOf(name: string, value: Value): DetailKind {
  if (typeof value === "number") return name === "entry" || name === "notice" ? "entry" : "plain";
  if (TIME.test(value)) return "time";
  return THING.test(value) ? "thing" : "plain";
}

/** A number with its unit: `now_g` in kilograms, `open_ms` in seconds, `left_bytes` in gigabytes; null for one that has none. */
export function measured(name: string, value: Value, language: string): string | null {
  if (typeof value !== "number") return null;
  const most = (digits: number) => new Intl.NumberFormat(language, { maximumFractionDigits: digits });
  if (name.endsWith("_g")) return `${kilograms(value, language)} kg`;
  if (name.endsWith("_ms")) return `${most(3).format(value / 1000)} s`;
  if (name.endsWith("bytes")) return `${most(3).format(value / 1e9)} GB`;
  return most(3).format(value);
}
