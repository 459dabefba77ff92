// The Merkle tree of RFC 6962 section 2.1; proofs are checked as RFC 9162 says. Sizes are below 2^53: no bit operators.
import { type Bytes, ProofError, same, sha256 } from "./bytes";

export const HASH_BYTES = 32;

/** Leaves from the first to before the second. */
export type Range = readonly [number, number];

/** Hash of one entry: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(Uint8Array.of(0), entry);
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(Uint8Array.of(1), left, right);
}

const half = (number: number) => Math.floor(number / 2);
const odd = (number: number) => number % 2 === 1;

/** The largest power of two smaller than `size` (> 1). */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** The subtrees whose roots are the audit path of leaf `index`. Throws ProofError. */
export function inclusionRanges(index: number, size: number): Range[] {
  if (!(index >= 0 && index < size)) throw new ProofError(`no leaf ${index} in a tree of ${size}`);
  const path: Range[] = [];
  let [low, high] = [0, size];
  while (high - low > 1) {
    const middle = low + split(high - low);
    if (index < middle) {
      path.push([middle, high]);
      high = middle;
    } else {
      path.push([low, middle]);
      low = middle;
    }
  }
  return path.reverse();
}

/** The subtrees whose roots prove the first `oldSize` leaves a prefix. Throws ProofError. */
export function consistencyRanges(oldSize: number, size: number): Range[] {
  if (!(oldSize >= 0 && oldSize <= size)) throw new ProofError(`no tree of ${oldSize} in one of ${size}`);
  if (oldSize === 0 || oldSize === size) return [];
  const path: Range[] = [];
  let [low, high] = [0, size];
  while (oldSize !== high) {
    const middle = low + split(high - low);
    if (oldSize <= middle) {
      path.push([middle, high]);
      high = middle;
    } else {
      path.push([low, middle]);
      low = middle;
    }
  }
  if (low > 0) path.push([low, high]);
  return path.reverse();
}

/** Throws ProofError unless `path` leads from `leaf` at `index` to `root`. */
export async function verifyInclusion(leaf: Bytes, index: number, size: number, path: readonly Bytes[], root: Bytes): Promise<void> {
  if (!(index >= 0 && index < size)) throw new ProofError(`no leaf ${index} in a tree of ${size}`);
  let [node, position, last] = [leaf, index, size - 1];
  for (const sibling of path) {
    if (last === 0) throw new ProofError("the inclusion proof is too long");
    if (odd(position) || position === last) {
      node = await nodeHash(sibling, node);
      while (!odd(position) && position > 0) [position, last] = [half(position), half(last)];
    } else {
      node = await nodeHash(node, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  if (last > 0) throw new ProofError("the inclusion proof is too short");
  if (!same(node, root)) throw new ProofError("the inclusion proof leads to another root");
}

/** Throws ProofError unless `path` shows the old tree (not empty) to be a prefix of the new. */
export async function verifyConsistency(oldSize: number, oldRoot: Bytes, size: number, root: Bytes, path: readonly Bytes[]): Promise<void> {
  if (!(oldSize > 0 && oldSize <= size)) throw new ProofError(`a tree of ${oldSize} cannot be a prefix of one of ${size}`);
  if (oldSize === size) {
    if (path.length > 0 || !same(oldRoot, root)) throw new ProofError("the same size with another root");
    return;
  }
  const hashes = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...path] : [...path];
  let [position, last] = [oldSize - 1, size - 1];
  while (odd(position)) [position, last] = [half(position), half(last)];
  const first = hashes.shift();
  if (first === undefined) throw new ProofError("the consistency proof is too short");
  let [before, now] = [first, first];
  for (const sibling of hashes) {
    if (last === 0) throw new ProofError("the consistency proof is too long");
    if (odd(position) || position === last) {
      [before, now] = [await nodeHash(sibling, before), await nodeHash(sibling, now)];
      while (!odd(position) && position > 0) [position, last] = [half(position), half(last)];
    } else {
      now = await nodeHash(now, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  if (last > 0 || !same(before, oldRoot) || !same(now, root)) throw new ProofError("the consistency proof does not join these two roots");
}
