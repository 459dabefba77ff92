// All that a browser can check of a log and of one entry, step by step. No step rests on the server's word.
import { type Bytes, ProofError, hex, lacking } from "./bytes";
import { type Entry, isCommitted } from "./commit";
import { entryOf, readEntry, readNewest, readServedPolicy, tilesOf } from "./log";
import { consistencyRanges, inclusionRanges, leafHash, verifyConsistency, verifyInclusion } from "./merkle";
import { readCheckpoint, readNote } from "./note";
import { type Judged, type Policy, judge, parsePolicy } from "./policy";
import { type Rewritten, type Seen, lastSeen, ownPolicy, remember } from "./seen";
import { hashOf } from "./tiles";

/** `bad` is a lie or a fault; `open` is what cannot be said (yet), and is no fault. */
export type Verdict = "good" | "bad" | "open";

/** A step that was tried: `says` names its sentence, `why` what was found in the technicians' words. */
export interface Step {
  name: "browser" | "signed" | "key" | "witnesses" | "grown" | "entry" | "content";
  verdict: Verdict;
  says: string;
  told?: Record<string, string | number>;
  why?: string;
}

/** A log as this browser found it; `judged` is null where its checkpoint is not to be believed. */
export interface LogChecked {
  site: string;
  note: string;
  policy: Policy | null;
  own: boolean;
  judged: Judged | null;
  seen: Seen | null;
  steps: Step[];
  rewritten: Rewritten | null;
}

const why = (error: unknown): string => {
  if (error instanceof ProofError) return error.message;
  throw error;
};

/** The worst of `steps`. */
export function verdictOf(steps: readonly Step[]): Verdict {
  return steps.some((step) => step.verdict === "bad") ? "bad" : steps.some((step) => step.verdict === "open") ? "open" : "good";
}

/** Reads the newest checkpoint of `site` and checks it. Throws Problem where there is no answer. */
export async function checkLog(site: string, signal?: AbortSignal): Promise<LogChecked> {
  const own = ownPolicy(site);
  const [note, text] = await Promise.all([readNewest(site, signal), own ?? readServedPolicy(site, signal)]);
  const log: LogChecked = { site, note, policy: null, own: own !== null, judged: null, seen: lastSeen(site), steps: [], rewritten: null };
  const lacks = await lacking();
  if (lacks !== null) return { ...log, steps: [{ name: "browser", verdict: "open", says: lacks }] };
  try {
    log.policy = await parsePolicy(text);
    log.judged = await judge(note, log.policy);
    log.steps.push({ name: "signed", verdict: "good", says: "signed", told: { origin: log.judged.checkpoint.origin, size: log.judged.checkpoint.size } });
  } catch (error) {
    log.steps.push({ name: "signed", verdict: "bad", says: "notSigned", why: why(error) });
    return log;
  }
  log.steps.push(keyStep(log, log.judged), witnessStep(log.policy, log.judged), await grownStep(log, log.judged, signal));
  if (verdictOf(log.steps) !== "bad") {
    const { checkpoint, log: by } = log.judged;
    if (checkpoint.size >= (log.seen?.size ?? 0)) remember(site, { size: checkpoint.size, note, vkey: by.vkey, at: new Date().toISOString() });
  }
  return log;
}

function keyStep({ seen, own }: LogChecked, { log }: Judged): Step {
  if (own) return { name: "key", verdict: "good", says: "keyOwn" };
  if (seen === null) return { name: "key", verdict: "open", says: "keyFirst" };
  if (seen.vkey === log.vkey) return { name: "key", verdict: "good", says: "keySame", told: { at: seen.at } };
  return { name: "key", verdict: "bad", says: "keyOther", why: `${seen.vkey} → ${log.vkey}` };
}

function witnessStep(policy: Policy, { cosigned, quorum }: Judged): Step {
  const told = { n: cosigned.size, all: policy.witnesses.size, names: [...cosigned.keys()].join(", ") };
  if (policy.quorum === "none" && cosigned.size === 0) return { name: "witnesses", verdict: "open", says: "noWitnesses" };
  return { name: "witnesses", verdict: quorum ? "good" : "open", says: quorum ? "witnessed" : "tooFewWitnesses", told };
}

async function grownStep(log: LogChecked, { checkpoint }: Judged, signal?: AbortSignal): Promise<Step> {
  if (log.seen === null) return { name: "grown", verdict: "open", says: "seenFirst" };
  const told = { at: log.seen.at, before: log.seen.size };
  try {
    const before = readCheckpoint(readNote(log.seen.note).text);
    if (before.origin !== checkpoint.origin) throw new ProofError(`another log: ${before.origin}, now ${checkpoint.origin}`);
    const [old, newer] = before.size <= checkpoint.size ? [before, checkpoint] : [checkpoint, before];
    const read = tilesOf(log.site, newer.size, signal);
    const path = await Promise.all(consistencyRanges(old.size, newer.size).map((span) => hashOf(span, read)));
    await verifyConsistency(old.size, old.root, newer.size, newer.root, path);
    return { name: "grown", verdict: old === before ? "good" : "open", says: old === before ? "grown" : "older", told };
  } catch (error) {
    const reason = why(error);
    log.rewritten = { before: log.seen, now: log.note };
    return { name: "grown", verdict: "bad", says: "rewritten", told, why: reason };
  }
}

/** An entry as the log holds it; `path` is its audit path, the hashes in hexadecimal. */
export interface EntryChecked {
  step: Step;
  bytes: Bytes | null;
  entry: Entry | null;
  leaf: string;
  path: string[];
}

/** Checks that entry `index` is in the tree that `judged` signs. Throws Problem where there is no answer. */
export async function checkEntry(site: string, index: number, { checkpoint }: Judged, signal?: AbortSignal): Promise<EntryChecked> {
  const found: EntryChecked = { step: { name: "entry", verdict: "open", says: "notYet" }, bytes: null, entry: null, leaf: "", path: [] };
  if (index >= checkpoint.size) return found;
  try {
    const read = tilesOf(site, checkpoint.size, signal);
    const [bytes, path] = await Promise.all([
      readEntry(site, checkpoint.size, index, signal),
      Promise.all(inclusionRanges(index, checkpoint.size).map((span) => hashOf(span, read))),
    ]);
    const leaf = await leafHash(bytes);
    Object.assign(found, { bytes, entry: entryOf(bytes), leaf: hex(leaf), path: path.map(hex) });
    await verifyInclusion(leaf, index, checkpoint.size, path, checkpoint.root);
    found.step = { name: "entry", verdict: "good", says: "included", told: { index, size: checkpoint.size, n: path.length } };
  } catch (error) {
    found.step = { name: "entry", verdict: "bad", says: "notIncluded", told: { index }, why: why(error) };
  }
  return found;
}

/** Content as the API gives it: null where it was erased. */
export interface Content {
  content: string | null;
  salt: string | null;
}

/** Checks that `given` is what `entry` commits to; null stands for content that the reader may not see. */
export async function checkContent(entry: Entry, given: Content | null): Promise<Step> {
  if (given === null) return { name: "content", verdict: "open", says: "contentHidden" };
  if (given.content === null || given.salt === null) return { name: "content", verdict: "open", says: "contentErased" };
  try {
    const good = await isCommitted(entry, given.content, given.salt);
    return { name: "content", verdict: good ? "good" : "bad", says: good ? "contentGood" : "contentBad" };
  } catch (error) {
    return { name: "content", verdict: "bad", says: "contentBad", why: why(error) };
  }
}
