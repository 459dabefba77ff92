// A log as tiles of 256 hashes (c2sp.org/tlog-tiles): what they are called, and the roots of subtrees from them.
import { type Bytes, ProofError } from "./bytes";
import { HASH_BYTES, type Range, nodeHash } from "./merkle";

export const WIDTH = 256;
const HEIGHT = 8;

/** A tile's place: its level and its number within the level. */
export interface Tile {
  level: number;
  n: number;
}

/** Reads the hashes of a tile, one after the other, as wide as it is at the log's size. Throws. */
export type ReadTile = (tile: Tile) => Promise<Bytes>;

/** How many hashes `tile` has in a log of `size`. */
export function widthIn(tile: Tile, size: number): number {
  return Math.max(0, Math.min(WIDTH, Math.floor(size / WIDTH ** tile.level) - tile.n * WIDTH));
}

/** Where a tile of `width` hashes, or the bundle of its entries, is served below the log's address. */
export function tilePath(level: number | "entries", n: number, width: number): string {
  const digits = String(n);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) as string[];
  const number = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${number}${width < WIDTH ? `.p/${width}` : ""}`;
}

/** The complete subtrees of `low` to `high`, largest first, each as `count` hashes of a tile from `first` on. */
function nodesOf([low, high]: Range): { tile: Tile; first: number; count: number }[] {
  const nodes = [];
  while (low < high) {
    let height = 0;
    while (2 ** (height + 1) <= high - low) height += 1;
    const level = Math.floor(height / HEIGHT);
    const position = Math.floor(low / WIDTH ** level);
    nodes.push({ tile: { level, n: Math.floor(position / WIDTH) }, first: position % WIDTH, count: 2 ** (height % HEIGHT) });
    low += 2 ** height;
  }
  return nodes;
}

/** Root over a power of two of hashes. */
async function rootOver(hashes: Bytes): Promise<Bytes> {
  let row = Array.from({ length: hashes.length / HASH_BYTES }, (_, at) => hashes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  while (row.length > 1) {
    row = await Promise.all(Array.from({ length: row.length / 2 }, (_, at) => nodeHash(row[2 * at] as Bytes, row[2 * at + 1] as Bytes)));
  }
  return row[0] as Bytes;
}

/** Root of the subtree `span`, from tiles. Throws ProofError where one is too short, and what `read` throws. */
export async function hashOf(span: Range, read: ReadTile): Promise<Bytes> {
  const nodes = await Promise.all(
    nodesOf(span).map(async ({ tile, first, count }) => {
      const part = (await read(tile)).slice(first * HASH_BYTES, (first + count) * HASH_BYTES);
      if (part.length !== count * HASH_BYTES) throw new ProofError(`tile ${tile.level}/${tile.n} is too short`);
      return rootOver(part);
    }),
  );
  let root = nodes.pop();
  if (root === undefined) throw new ProofError("no tree without leaves");
  for (const node of nodes.reverse()) root = await nodeHash(node, root);
  return root;
}

/** The entries in a bundle: each with its length in two bytes before it. Throws ProofError when it is cut off. */
export function unpackEntries(bundle: Bytes): Bytes[] {
  const entries: Bytes[] = [];
  let at = 0;
  while (at < bundle.length) {
    const end = at + 2 + (bundle[at] as number) * 256 + (bundle[at + 1] ?? 0);
    if (at + 2 > bundle.length || end > bundle.length) throw new ProofError("a bundle of entries is cut off");
    entries.push(bundle.slice(at + 2, end));
    at = end;
  }
  return entries;
}
