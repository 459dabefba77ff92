import { describe, expect, it } from "vitest";

import { type Bytes, ProofError, same, unbase64, utf8 } from "../src/proof/bytes";
import { isCommitted } from "../src/proof/commit";
import { consistencyRanges, inclusionRanges, leafHash, verifyConsistency, verifyInclusion } from "../src/proof/merkle";
import { readVkey } from "../src/proof/note";
import { judge, parsePolicy } from "../src/proof/policy";
import { type Tile, hashOf, tilePath, unpackEntries, widthIn } from "../src/proof/tiles";
import vectors from "./proof_vectors.json"; // made by proof/: tests/proof/test_console_vectors.py

const roots = vectors.roots as Record<string, string>;
const tiles = vectors.tiles as Record<string, string>;
const root = (size: number) => unbase64(roots[size] as string);
const paths = (path: string[]) => path.map(unbase64);
const flipped = (bytes: Bytes) => Uint8Array.from(bytes, (byte, at) => (at === 5 ? byte ^ 1 : byte));
const read = (size: number) => async (tile: Tile) => unbase64(tiles[`${tile.level}/${tile.n}`] as string).slice(0, 32 * widthIn(tile, size));

describe("a proof of inclusion", () => {
  it.each(vectors.inclusion)("holds as proof/ made it: $index of $size", async ({ index, size, path }) => {
    const leaf = await leafHash(utf8(`entry ${index}`));
    await verifyInclusion(leaf, index, size, paths(path), root(size));
    const derived = await Promise.all(inclusionRanges(index, size).map((span) => hashOf(span, read(size))));
    expect(derived.every((hash, at) => same(hash, paths(path)[at] as Bytes)) && derived.length === path.length).toBe(true);
  });

  it.each(vectors.inclusion)("does not when anything differs: $index of $size", async ({ index, size, path }) => {
    const [leaf, whole] = [await leafHash(utf8(`entry ${index}`)), paths(path)];
    const wrong: [Bytes, number, Bytes[], Bytes][] = [
      [flipped(leaf), index, whole, root(size)],
      [leaf, index, whole, flipped(root(size))],
      [leaf, size, whole, root(size)],
      [leaf, index, [...whole, leaf], root(size)],
      ...whole.map((hash, at): [Bytes, number, Bytes[], Bytes] => [leaf, index, whole.with(at, flipped(hash)), root(size)]),
      ...(whole.length > 0 ? [[leaf, index, whole.slice(1), root(size)] as [Bytes, number, Bytes[], Bytes]] : []),
    ];
    for (const [a, b, c, d] of wrong) await expect(verifyInclusion(a, b, size, c, d)).rejects.toThrow(ProofError);
  });
});

describe("a proof of consistency", () => {
  it.each(vectors.consistency)("holds as proof/ made it: $old to $size", async ({ old, size, path }) => {
    await verifyConsistency(old, root(old), size, root(size), paths(path));
    const derived = await Promise.all(consistencyRanges(old, size).map((span) => hashOf(span, read(size))));
    await verifyConsistency(old, root(old), size, root(size), derived);
  });

  it.each(vectors.consistency)("does not when anything differs: $old to $size", async ({ old, size, path }) => {
    const whole = paths(path);
    await expect(verifyConsistency(old, flipped(root(old)), size, root(size), whole)).rejects.toThrow(ProofError);
    await expect(verifyConsistency(old, root(old), size, flipped(root(size)), whole)).rejects.toThrow(ProofError);
    await expect(verifyConsistency(old, root(old), size, root(size), [...whole, root(1)])).rejects.toThrow(ProofError);
    for (const [at, hash] of whole.entries()) {
      await expect(verifyConsistency(old, root(old), size, root(size), whole.with(at, flipped(hash)))).rejects.toThrow(ProofError);
    }
  });

  it("of a log that shrank there is none", async () => {
    await expect(verifyConsistency(300, root(300), 257, root(257), [])).rejects.toThrow(ProofError);
  });
});

describe("tiles and bundles", () => {
  it.each(vectors.paths as [number | "entries", number, number, string][])("%s/%s of %s are at %s", (level, n, width, path) => {
    expect(tilePath(level, n, width)).toBe(path);
  });

  it("give the entries, and not when cut off", () => {
    const bundle = unbase64(vectors.bundle);
    expect(unpackEntries(bundle).map((entry) => new TextDecoder().decode(entry))).toEqual(Array.from({ length: 44 }, (_, n) => `entry ${256 + n}`));
    expect(() => unpackEntries(bundle.slice(0, -1))).toThrow(ProofError);
  });
});

describe("a checkpoint", () => {
  const note = vectors.notes["300"];

  it("is judged by the policy: signed, cosigned by two of three", async () => {
    const judged = await judge(note, await parsePolicy(vectors.policy));
    expect(judged.checkpoint.size).toBe(300);
    expect(same(judged.checkpoint.root, root(300))).toBe(true);
    expect([...judged.cosigned]).toEqual([["w0", 1_790_000_000], ["w1", 1_790_000_001]]);
    expect(judged.quorum).toBe(true);
  });

  it("without one of its cosignatures has no quorum", async () => {
    const judged = await judge(`${note.split("\n").slice(0, -2).join("\n")}\n`, await parsePolicy(vectors.policy));
    expect([...judged.cosigned.keys()]).toEqual(["w0"]);
    expect(judged.quorum).toBe(false);
  });

  it.each([
    ["another size", note.replace("\n300\n", "\n301\n")],
    ["another root", note.replace(roots[300] as string, roots[257] as string)],
    ["a cosignature of another text", vectors.notes["257"].split("\n").slice(0, 5).join("\n") + "\n" + note.split("\n").slice(5).join("\n")],
    ["another log", note.replaceAll(vectors.origin, "sealtrail/test/nj02")],
    ["no signature", `${note.split("\n\n")[0]}\n\n`],
  ])("with %s is refused", async (_, changed) => {
    expect(changed).not.toBe(note);
    await expect(judge(changed, await parsePolicy(vectors.policy))).rejects.toThrow(ProofError);
  });

  it.each(["log a+00000000+AAAA", "quorum w9", "log", "group g 3 w0 w1", "quorum none\nquorum none", "witness w0 x", ""])("policy %j is refused", async (text) => {
    await expect(parsePolicy(text)).rejects.toThrow(ProofError);
  });

  it("key whose hash is of another is none", async () => {
    const vkey = vectors.policy.split("\n")[1]?.slice(4) as string;
    expect((await readVkey(vkey)).name).toBe(vectors.origin);
    await expect(readVkey(vkey.replace("nj01", "nj02"))).rejects.toThrow(ProofError);
  });
});

describe("a commitment", () => {
  it.each(["fact", "record"] as const)("of a %s is to exactly this content", async (type) => {
    const entry = { type, c: vectors.commitments[type] };
    expect(await isCommitted(entry, vectors.content, vectors.salt)).toBe(true);
    expect(await isCommitted(entry, vectors.content.replace("12345", "12346"), vectors.salt)).toBe(false);
    expect(await isCommitted({ ...entry, type: type === "fact" ? "record" : "fact" }, vectors.content, vectors.salt)).toBe(false);
  });
});
