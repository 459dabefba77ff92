// What was scanned while counting: what is not sent yet, what became of each scan, what the counter sees of their own.
// Nothing here knows what the book expects.

export type Fate = "counted" | "repeated" | "key_used" | "unknown" | "forged";

/** One scan as the phone keeps it; `thing` and `slot` are the texts as scanned, `id` and `place` what they name. */
export interface KeptScan {
  key: string;
  take: string;
  person: string;
  thing: string;
  slot: string | null;
  quantity: number | null;
  taken_back: boolean;
  at: string;
  id: string;
  place: string | null;
  fate: Fate | null;
}

/** As the server takes it. */
export type SentScan = Pick<KeptScan, "key" | "thing" | "slot" | "quantity" | "taken_back" | "at">;

/** In one batch: with their labels they stay under the limit of a body. */
export const BATCH = 200;

export function unsent(scans: readonly KeptScan[]): KeptScan[] {
  return scans.filter((scan) => scan.fate === null).sort(byTime);
}

/** The next batch to be sent, oldest first; empty when all is sent. */
export function nextBatch(scans: readonly KeptScan[]): SentScan[] {
  return unsent(scans)
    .slice(0, BATCH)
    .map(({ key, thing, slot, quantity, taken_back, at }) => ({ key, thing, slot, quantity, taken_back, at }));
}

/** The scans that an answer says something new of, with what became of them. */
export function answered(scans: readonly KeptScan[], answers: readonly { key: string; fate: Fate }[]): KeptScan[] {
  const fates = new Map(answers.map((answer) => [answer.key, answer.fate]));
  return scans.flatMap((scan) => {
    const fate = fates.get(scan.key);
    return fate === undefined || scan.fate !== null ? [] : [{ ...scan, fate }];
  });
}

/** Whether the server holds it. */
export function isHeld(scan: KeptScan): boolean {
  return scan.fate === "counted" || scan.fate === "repeated";
}

/** Whether it can never count: no label of ours, or one that somebody made. */
export function isBad(scan: KeptScan): boolean {
  return scan.fate === "unknown" || scan.fate === "forged" || scan.fate === "key_used";
}

/** What the counter has found: of each thing its last scan, newest first, without those taken back. Bad ones stay. */
export function found(scans: readonly KeptScan[]): KeptScan[] {
  const last = new Map<string, KeptScan>();
  for (const scan of [...scans].sort(byTime)) last.set(scan.id, scan);
  return [...last.values()].filter((scan) => !scan.taken_back).sort((one, other) => byTime(other, one));
}

/** A key that no other scan has, from `random` bytes. */
export function keyOf(random: Uint8Array): string {
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A time for a new scan: `now`, but after every scan before it, whatever the phone's clock did. */
export function timeAfter(scans: readonly KeptScan[], now: Date): string {
  const last = scans.reduce((latest, scan) => Math.max(latest, Date.parse(scan.at)), 0);
  return new Date(Math.max(now.getTime(), last + 1)).toISOString();
}

function byTime(one: KeptScan, other: KeptScan): number {
  return Date.parse(one.at) - Date.parse(other.at) || (one.key < other.key ? -1 : 1);
}
