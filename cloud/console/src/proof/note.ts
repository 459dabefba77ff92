// Signed notes, checkpoints and cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature).
import { type Bytes, ProofError, hex, join, same, sha256, signed, unbase64, utf8 } from "./bytes";
import { HASH_BYTES } from "./merkle";

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

/** A key, the name it signs under and the type of its signatures; written `name+hash+base64(type ‖ key)`. */
export interface Verifier {
  name: string;
  type: number;
  key: Bytes;
  /** The first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key). */
  hash: Bytes;
  vkey: string;
}

export interface NoteSignature {
  name: string;
  hash: Bytes;
  signature: Bytes;
}

/** A text and its signatures, not yet checked. */
export interface Note {
  text: string;
  signatures: NoteSignature[];
}

/** The state of the log `origin`: `size` entries under `root`. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

const NAME = /^[^\s+\p{Cc}]+$/u;

/** Reads a verifier key. Throws ProofError when it is none, or its hash is not of its key. */
export async function readVkey(vkey: string): Promise<Verifier> {
  const [, name, told, rest] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(vkey) ?? [];
  if (name === undefined || told === undefined || rest === undefined || !NAME.test(name)) throw new ProofError("a verifier key is name+hash+key");
  const raw = unbase64(rest);
  const type = raw[0];
  if (raw.length !== 33 || (type !== ED25519 && type !== COSIGNATURE)) throw new ProofError("not an Ed25519 verifier key");
  const hash = (await sha256(utf8(`${name}\n`), raw)).slice(0, 4);
  if (hex(hash) !== told) throw new ProofError("the hash in the verifier key is not of its key");
  return { name, type, key: raw.slice(1), hash, vkey };
}

/** Parses a signed note; no signature is checked yet. Throws ProofError. */
export function readNote(whole: string): Note {
  const cut = whole.lastIndexOf("\n\n");
  if (cut < 0 || !whole.endsWith("\n")) throw new ProofError("a note has a text, a blank line and signatures");
  const text = whole.slice(0, cut + 1);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x09\x0b-\x1f]/.test(text)) throw new ProofError("a note has no control characters");
  return { text, signatures: whole.slice(cut + 2, -1).split("\n").map(readSignature) };
}

function readSignature(line: string): NoteSignature {
  const [, name, blob] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const raw = blob === undefined ? new Uint8Array() : unbase64(blob);
  if (name === undefined || !NAME.test(name) || raw.length < 5) throw new ProofError("a malformed signature line");
  return { name, hash: raw.slice(0, 4), signature: raw.slice(4) };
}

/** Parses a note's text; lines after the third are extensions. Throws ProofError. */
export function readCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n");
  const [origin, size, root] = lines;
  if (lines.length < 4 || lines.at(-1) !== "" || lines.slice(0, -1).includes("")) throw new ProofError("a checkpoint has an origin, a size and a root");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size as string)) throw new ProofError("a checkpoint's size is a decimal number without leading zeros");
  const checkpoint = { origin: origin as string, size: Number(size), root: unbase64(root as string) };
  if (!Number.isSafeInteger(checkpoint.size) || checkpoint.root.length !== HASH_BYTES) throw new ProofError("a checkpoint's size is below 2^53 and its root has 32 bytes");
  return checkpoint;
}

/** The lines that claim to be by `verifier`. */
export function linesBy(note: Note, verifier: Verifier): NoteSignature[] {
  return note.signatures.filter((line) => line.name === verifier.name && same(line.hash, verifier.hash));
}

/** Throws ProofError unless `verifier` signed this text, and rightly every time. */
export async function verifyNote(note: Note, verifier: Verifier): Promise<void> {
  const mine = linesBy(note, verifier);
  if (mine.length === 0) throw new ProofError(`no signature by ${verifier.name}`);
  for (const line of mine) {
    if (!(await signed(verifier.key, line.signature, utf8(note.text)))) throw new ProofError(`not signed by the key of ${verifier.name}`);
  }
}

/** POSIX time at which `witness` cosigned `note`, the newest where it did so twice. Throws ProofError. */
export async function verifyCosignature(note: Note, witness: Verifier): Promise<number> {
  const mine = linesBy(note, witness);
  if (witness.type !== COSIGNATURE || mine.length === 0) throw new ProofError(`no cosignature by ${witness.name}`);
  const times = await Promise.all(mine.map((line) => cosignedAt(note.text, line.signature, witness)));
  return Math.max(...times);
}

async function cosignedAt(text: string, raw: Bytes, witness: Verifier): Promise<number> {
  if (raw.length !== 72) throw new ProofError(`a malformed cosignature by ${witness.name}`);
  const at_s = Number(new DataView(raw.buffer, raw.byteOffset).getBigUint64(0));
  const message = join(utf8(`cosignature/v1\ntime ${at_s}\n`), utf8(text));
  if (!Number.isSafeInteger(at_s) || at_s <= 0 || !(await signed(witness.key, raw.slice(8), message))) {
    throw new ProofError(`not cosigned by the key of ${witness.name}`);
  }
  return at_s;
}
