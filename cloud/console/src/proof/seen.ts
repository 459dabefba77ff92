// A browser as witness: the checkpoint of each log that it saw last, and the policy its user trusts.
/** A checkpoint as this browser saw it: the signed note is kept whole, to be shown should the log say otherwise. */
export interface Seen {
  size: number;
  note: string;
  vkey: string;
  /** When this browser saw it. */
  at: string;
}

const key = (site: string) => `sealtrail.log.${site}`;
const policyKey = (site: string) => `sealtrail.policy.${site}`;

/** What was seen of the log of `site`; null before the first time, or where the note cannot be read. */
export function lastSeen(site: string): Seen | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key(site)) ?? "null") as Partial<Seen> | null;
    return kept && typeof kept.size === "number" && typeof kept.note === "string" && typeof kept.vkey === "string" ? (kept as Seen) : null;
  } catch {
    return null;
  }
}

/** Remembers `seen`; only a checkpoint that was fully checked may come here. */
export function remember(site: string, seen: Seen): void {
  localStorage.setItem(key(site), JSON.stringify(seen));
}

/** Forgets what was seen: the next checkpoint is the first one. */
export function forget(site: string): void {
  localStorage.removeItem(key(site));
}

/** The policy that the reader gave themselves; null where they trust the one that is served. */
export function ownPolicy(site: string): string | null {
  return localStorage.getItem(policyKey(site));
}

/** Keeps `text` as the reader's own policy; an empty one is none. */
export function keepPolicy(site: string, text: string): void {
  if (text.trim() === "") localStorage.removeItem(policyKey(site));
  else localStorage.setItem(policyKey(site), text);
}

/** Two signed notes that cannot both be true. */
export interface Rewritten {
  before: Seen;
  now: string;
}

/** Both notes as a text, to be kept as evidence. */
export function evidenceOf({ before, now }: Rewritten): string {
  return `${before.note}\n--- ${before.at} / ${new Date().toISOString()}\n\n${now}`;
}
