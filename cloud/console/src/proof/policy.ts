// Trust policies (c2sp.org/tlog-policy): which logs, which witnesses, and how many of them make a checkpoint valid.
import { ProofError } from "./bytes";
import { COSIGNATURE, type Checkpoint, ED25519, type Note, type Verifier, linesBy, readCheckpoint, readNote, readVkey, verifyCosignature, verifyNote } from "./note";

const NONE = "none";

export interface Policy {
  logs: Verifier[];
  witnesses: Map<string, Verifier>;
  groups: Map<string, { least: number; members: string[] }>;
  quorum: string;
}

/** A checkpoint that a log of the policy signed: who cosigned it when (POSIX s), and whether that is enough. */
export interface Judged {
  note: Note;
  checkpoint: Checkpoint;
  log: Verifier;
  cosigned: Map<string, number>;
  quorum: boolean;
}

/** The policy in `text`. Throws ProofError with the line that is wrong. */
export async function parsePolicy(text: string): Promise<Policy> {
  const policy: Policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: "" };
  const grouped = new Set<string>();
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0]?.startsWith("#")) continue;
    try {
      await take(policy, words, grouped);
    } catch (error) {
      if (error instanceof ProofError) throw new ProofError(`policy line ${at + 1}: ${error.message}`);
      throw error;
    }
  }
  if (policy.quorum === "") throw new ProofError("a policy has one quorum line");
  return policy;
}

async function take(policy: Policy, [verb, ...words]: string[], grouped: Set<string>): Promise<void> {
  if (verb === "log" && (words.length === 1 || words.length === 2)) {
    policy.logs.push(await keyOf(words[0] as string, ED25519, policy.logs));
  } else if (verb === "witness" && (words.length === 2 || words.length === 3)) {
    const name = unused(policy, words[0] as string);
    policy.witnesses.set(name, await keyOf(words[1] as string, COSIGNATURE, [...policy.witnesses.values()]));
  } else if (verb === "group" && words.length >= 3) {
    takeGroup(policy, words, grouped);
  } else if (verb === "quorum" && words.length === 1 && policy.quorum === "") {
    const name = words[0] as string;
    if (name !== NONE) defined(policy, name);
    policy.quorum = name;
  } else {
    throw new ProofError(`not understood: ${verb}`);
  }
}

function takeGroup(policy: Policy, [name, count, ...members]: string[], grouped: Set<string>): void {
  const least = count === "all" ? members.length : count === "any" ? 1 : /^[1-9]\d{0,3}$/.test(count as string) ? Number(count) : 0;
  if (least === 0 || least > members.length) throw new ProofError(`${count} of ${members.length} members`);
  unused(policy, name as string);
  for (const member of members) {
    defined(policy, member);
    if (grouped.has(member)) throw new ProofError(`${member} is a member of a group already`);
    grouped.add(member);
  }
  policy.groups.set(name as string, { least, members });
}

function unused(policy: Policy, name: string): string {
  if (name === NONE || policy.witnesses.has(name) || policy.groups.has(name)) throw new ProofError(`the name ${name} is taken`);
  return name;
}

function defined(policy: Policy, name: string): void {
  if (!policy.witnesses.has(name) && !policy.groups.has(name)) throw new ProofError(`${name} is not defined above`);
}

async function keyOf(vkey: string, type: number, known: readonly Verifier[]): Promise<Verifier> {
  const verifier = await readVkey(vkey);
  if (verifier.type !== type) throw new ProofError(`a key of signature type ${verifier.type}, not ${type}`);
  if (known.some(({ key }) => String(key) === String(verifier.key))) throw new ProofError("a key that stands there already");
  return verifier;
}

/** Whether witnesses of these policy names are enough. */
export function holds(policy: Policy, cosigners: ReadonlySet<string>): boolean {
  const enough = (name: string): boolean => {
    const group = policy.groups.get(name);
    return group === undefined ? cosigners.has(name) : group.members.filter(enough).length >= group.least;
  };
  return policy.quorum === NONE || enough(policy.quorum);
}

/** What `policy` makes of the signed checkpoint `whole`. Throws ProofError. */
export async function judge(whole: string, policy: Policy): Promise<Judged> {
  const note = readNote(whole);
  const checkpoint = readCheckpoint(note.text);
  const log = policy.logs.find((each) => each.name === checkpoint.origin && linesBy(note, each).length > 0);
  if (log === undefined) throw new ProofError(`the checkpoint of ${checkpoint.origin} is signed by no log of the policy`);
  await verifyNote(note, log);
  const cosigned = new Map<string, number>();
  for (const [name, witness] of policy.witnesses) {
    if (linesBy(note, witness).length > 0) cosigned.set(name, await verifyCosignature(note, witness));
  }
  return { note, checkpoint, log, cosigned, quorum: holds(policy, new Set(cosigned.keys())) };
}
