// The details of an act: what kind each is, and how it reads to people. Forms: custody/details.py.

export type DetailKind =
  | "text" | "photos" | "photo" | "grams" | "fen" | "number" | "entry" | "names" | "differences" | "parts" | "changes"
  | "seal_intact" | "purpose" | "method" | "time" | "slot" | "seal_number" | "hash" | "thing"; // prettier-ignore

const KINDS: Record<string, DetailKind> = {
  photos: "photos",
  receipt: "photo",
  weight_g: "grams",
  price_fen: "fen",
  value_fen: "fen",
  count: "number",
  quantity: "number",
  cites: "entry",
  witnesses: "names",
  differences: "differences",
  parts: "parts",
  changes: "changes",
  particulars: "changes",
  seal_intact: "seal_intact",
  purpose: "purpose",
  method: "method",
  due_at: "time",
  slot: "slot",
  seal_number: "seal_number",
  pack: "hash",
  release: "hash",
  case: "thing",
  exception: "thing",
};

// What people look for first stands first.
const ORDER = [
  "purpose", "method", "due_at", "slot", "seal_intact", "seal_number", "weight_g", "photos", "count", "parts", "cites",
  "changes", "particulars", "differences", "recipient", "price_fen", "receipt", "place", "witnesses", "legal_basis", "reason",
]; // prettier-ignore

export interface Detail {
  name: string;
  kind: DetailKind;
  value: unknown;
}

export function kindOf(name: string): DetailKind {
  return KINDS[name] ?? "text";
}

/** `details` in the order in which people want them. */
export function listed(details: Record<string, unknown>): Detail[] {
  return Object.entries(details)
    .map(([name, value]) => ({ name, kind: kindOf(name), value }))
    .sort((one, other) => place(one.name) - place(other.name));
}

/** The names of `needs` in the same order, for a form. */
export function inOrder(needs: readonly string[]): string[] {
  return [...needs].sort((one, other) => place(one) - place(other));
}

function place(name: string): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** `12345` g as `12.345`; only as many decimals as there are. */
export function kilograms(grams: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 3 }).format(grams / 1000);
}

/** `123456` fen as `¥1,234.56`. */
export function yuan(fen: number, language: string): string {
  return new Intl.NumberFormat(language, { style: "currency", currency: "CNY", currencyDisplay: "narrowSymbol" }).format(fen / 100);
}

/** What was typed as kilograms, in whole grams; null where it is no weight above nothing. */
export function gramsIn(text: string): number | null {
  const grams = thousandths(text, 3);
  return grams === null || grams <= 0 ? null : grams;
}

/** What was typed as yuan, in fen; null where it is none. */
export function fenIn(text: string): number | null {
  return thousandths(text, 2);
}

/** A number with at most `places` decimals, as a whole number of its smallest part. Without floats: 4.35 is 435. */
function thousandths(text: string, places: number): number | null {
  const parts = /^(\d{1,12})(?:[.,。](\d*))?$/.exec(text.trim());
  if (parts === null || (parts[2] ?? "").length > places) return null;
  return Number(parts[1] + (parts[2] ?? "").padEnd(places, "0"));
}

/** A time left, in the two largest units that say enough: `2 d 4 h`, `3 h 12 min`, `4 min`. Never below nothing. */
export function timeLeft(ms: number): { days: number; hours: number; minutes: number; seconds: number } {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return {
    days: Math.floor(whole / 86_400),
    hours: Math.floor((whole % 86_400) / 3600),
    minutes: Math.floor((whole % 3600) / 60),
    seconds: whole % 60,
  };
}
