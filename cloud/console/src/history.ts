import type { HistoryRow } from "./api/types";

/** A member of an entry's content that people want to see without unfolding it. */
export interface Detail {
  name: string;
  value: string;
  /** How to show it: as a time, as a link, by the words of an enumeration, or as it is. */
  as: "time" | "thing" | "direction" | "position" | "cause" | null;
}

/** A hand on a step: whose, when, and whether a passkey signed. */
export interface Signature {
  person: string;
  at: string | null;
  passkey: boolean;
}

export interface Told {
  outcome: string | null;
  /** The step that the entry is about. */
  action: string | null;
  details: Record<string, unknown> | null;
  /** Of a correction: the words that it corrects. */
  was: Record<string, unknown> | null;
  hands: Signature[];
  /** Packages and items that the step made. */
  made: string[];
  act: string | null;
  reason: string | null;
  station: string | null;
  fields: Detail[];
}

const AS: Record<string, Detail["as"]> = {
  not_before: "time",
  not_after: "time",
  id: "thing",
  package: "thing",
  permit: "thing",
  direction: "direction",
  position: "position",
  cause: "cause",
};

// Which members, in which order, by kind; kinds that are not here say enough by their name.
const SHOWN: Record<string, readonly string[]> = {
  passage_decided: ["direction", "station"],
  passage_crossed: ["direction", "station"],
  passage_abandoned: ["station"],
  gate_moved: ["position", "station"],
  item_registered: ["quantity", "brand", "sku"],
  package_sealed: ["seal_number", "package"],
  label_issued: ["issue"],
  permit_granted: ["id", "direction", "agent", "stations", "not_before", "not_after", "people_required"],
  permit_revoked: ["permit", "reason"],
  exception_reviewed: ["finding"],
  hold_placed: ["reason"],
  alarm_raised: ["cause", "place"],
  case_opened: ["number", "title", "parties", "vehicles", "scene"],
  act_declined: ["reason"],
};

const ICONS = {
  passage_decided: "seal",
  passage_crossed: "walk",
  passage_abandoned: "turned",
  gate_moved: "lock",
  item_registered: "doc",
  package_sealed: "box",
  label_issued: "doc",
  permit_granted: "seal",
  release_approved: "seal",
  hold_placed: "lock",
  hold_lifted: "lock",
  alarm_raised: "alarm",
  custody_step: "seal",
  case_corrected: "turned",
  act_proposed: "clock",
  act_signed: "people",
  act_declined: "refused",
  act_expired: "clock",
  act_refused: "refused",
  item_shelved: "in",
  person_added: "people",
  person_changed: "people",
  person_disabled: "people",
  person_enabled: "people",
  password_changed: "people",
  password_reset: "people",
  passkey_added: "people",
  passkey_removed: "people",
} as const;

type Sign = (typeof ICONS)[keyof typeof ICONS] | "allowed" | "refused" | "dot" | "in" | "box" | "out";

const STEP_ICONS: Record<string, Sign> = { correct: "turned", seal: "box", reseal: "box", repack: "box", open: "box", place: "in", move: "in", shelve: "in", handover: "people" };

/** What stands beside an entry of this kind. */
export function iconOf(row: HistoryRow): Sign {
  const { outcome } = detailsOf(row);
  if (outcome !== null) return outcome === "allowed" ? "allowed" : "refused";
  return STEP_ICONS[plain(row.content.action) ?? ""] ?? ICONS[row.kind as keyof typeof ICONS] ?? "dot";
}

/** What an entry says, in the few members worth a line; the rest is in its content. */
export function detailsOf(row: HistoryRow): Told {
  const body = { ...bodyOf(row) };
  if (typeof body.unit === "string") body.quantity = `${body.quantity} ${body.unit}`;
  const fields = (SHOWN[row.kind] ?? []).flatMap((name): Detail[] => {
    const value = plain(body[name]);
    return value === null ? [] : [{ name, value, as: AS[name] ?? null }];
  });
  return {
    ...stepOf(row),
    outcome: row.kind === "passage_decided" ? plain(body.outcome) : null,
    reason: ["passage_decided", "act_refused"].includes(row.kind) ? plain(body.reason) : null,
    station: plain(body.station),
    fields,
  };
}

/** What an entry about a step, or about an act that waits for hands, says of it. */
function stepOf(row: HistoryRow): Pick<Told, "action" | "details" | "was" | "hands" | "made" | "act"> {
  const asked = row.kind === "act_proposed" ? objectOf(row.content.content) : row.content;
  const done = row.kind === "custody_step" || row.kind === "case_corrected";
  const ours = done || row.kind.startsWith("act_");
  const hands = done && Array.isArray(row.content.hands) ? (row.content.hands as Signature[]) : [];
  const signed = row.kind === "act_signed" ? [{ person: String(row.content.person), at: null, passkey: row.content.signature !== null }] : [];
  const made = Array.isArray(row.content.made) ? (row.content.made as Record<string, unknown>[]) : [];
  return {
    action: ours ? plain(asked.action) : null,
    details: ours && typeof asked.details === "object" ? objectOf(asked.details) : null,
    was: typeof row.content.was === "object" && row.content.was !== null ? objectOf(row.content.was) : null,
    hands: [...hands, ...signed],
    made: made.flatMap((each) => plain(each.package) ?? plain(each.item) ?? []),
    act: ours ? plain(asked.act) : null,
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function bodyOf(row: HistoryRow): Record<string, unknown> {
  const granted = row.kind === "permit_granted" ? row.content.permit : null;
  return typeof granted === "object" && granted !== null ? (granted as Record<string, unknown>) : row.content;
}

function plain(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) && value.length > 0 ? value.map(String).join(", ") : null;
}
