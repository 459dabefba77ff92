// Corrections: what is registered as it stands, what was typed instead, and what that changes. Forms: custody/details.py.

import { call } from "../api/client";
import type { HistoryRow } from "../api/types";
import { fenIn, gramsIn } from "./details";

export type Kind = "case" | "item" | "package";
export type Values = Record<string, unknown>;
type Form = "text" | "maybe" | "lines" | "number" | "fen" | "grams" | "goods" | "size";

/** All others are a text that must be there. */
const FORMS: Record<string, Form> = {
  brand: "maybe", sku: "maybe", quantity: "number", goods: "goods", value_fen: "fen", weight_g: "grams", size: "size",
  parties: "lines", vehicles: "lines", scene: "maybe",
}; // prettier-ignore

const FIELDS: Record<Kind, readonly string[]> = {
  case: ["title", "parties", "vehicles", "scene"],
  item: ["name", "brand", "sku", "quantity", "unit", "goods", "value_fen", "weight_g", "size"],
  package: ["weight_g", "size"],
};

/** What can be corrected of a thing of `kind`; of an item in a closed package not what that is weighed as. */
export function fieldsOf(kind: Kind, packed: boolean): readonly string[] {
  return FIELDS[kind].filter((name) => !(packed && (name === "weight_g" || name === "size")));
}

/** The fields of a correction in the order of the form: a record has them in that of its letters. */
export function inFormOrder(changes: Values): [string, unknown][] {
  const order = [...FIELDS.case, ...FIELDS.item];
  return Object.entries(changes).sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
}

/** How a field is asked for. */
export function formOf(name: string): Form {
  return FORMS[name] ?? "text";
}

/** A value as it stands in a form. */
export function typedOf(name: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  const form = formOf(name);
  if (form === "lines") return (value as string[]).join("\n");
  if (form === "grams") return String(Number(value) / 1000);
  return form === "fen" ? (Number(value) / 100).toFixed(2) : String(value);
}

/** The value that was typed; undefined where it has not the form that is asked for. */
export function valueOf(name: string, typed: string): unknown {
  const text = typed.trim();
  switch (formOf(name)) {
    case "lines":
      return [...new Set(text.split(/[\n、]/).map((line) => line.trim()).filter((line) => line !== ""))];
    case "maybe":
      return text === "" ? null : text;
    case "number":
      return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
    case "fen":
      return fenIn(text) ?? undefined;
    case "grams":
      return gramsIn(text) ?? undefined;
    default:
      return text === "" ? undefined : text;
  }
}

/** What `typed` says otherwise than `now`, and the fields in which it has not the right form. */
export function changesOf(fields: readonly string[], now: Values, typed: Record<string, string>): { changes: Values; bad: string[] } {
  const changes: Values = {};
  const bad: string[] = [];
  for (const name of fields) {
    const text = typed[name] ?? "";
    if (text === typedOf(name, now[name])) continue;
    const value = valueOf(name, text);
    if (value === undefined) bad.push(name);
    else if (JSON.stringify(value) !== JSON.stringify(now[name] ?? null)) changes[name] = value;
  }
  return { changes, bad };
}

/** The entry that told last what is corrected: the newest among `rows` that tells any of `fields` of `thing`. */
export function citedBy(rows: readonly HistoryRow[], thing: string, fields: readonly string[]): number | null {
  const tells = rows.filter((row) => {
    if (row.erased) return false;
    if (row.kind === "item_registered") return row.content.item === thing;
    if (row.kind !== "custody_step") return false;
    const { details = {}, made = [], things = [] } = row.content as { details?: Values; made?: Values[]; things?: string[] };
    if (made.some((each) => each.item === thing || each.package === thing)) return true;
    const told = row.content.action === "correct" ? ((details.changes ?? {}) as Values) : details;
    return things.includes(thing) && fields.some((name) => name in told);
  });
  return (tells.at(-1) ?? rows[0])?.index ?? null;
}

/** What is registered of a thing now, as far as it can be corrected. Throws Problem. */
export async function asItStands(thing: string): Promise<Values> {
  const path = { id: thing };
  if (thing.includes("/C-")) return { ...(await call("get", "/api/v1/cases/{id}", { path })) };
  const found = thing.includes("/P-") ? await call("get", "/api/v1/packages/{id}", { path }) : await call("get", "/api/v1/items/{id}", { path });
  return standing(found);
}

/** The same of what was read already. */
export function standing(found: { custody?: { weight_g: number | null; size: string | null } | null; package_id?: string | null }): Values {
  const own = found.package_id ? null : found.custody; // a packed item is shown with its package's custody
  return { ...found, weight_g: own?.weight_g ?? null, size: own?.size ?? null };
}
