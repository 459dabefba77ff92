// A site's public log as it is served: everything asked for here is checked by who asks.
import { OFFLINE, Problem, problemIn } from "../api/problem";
import { hear, lose } from "../reach";
import { type Bytes, ProofError, textOf } from "./bytes";
import type { Entry } from "./commit";
import { type ReadTile, WIDTH, tilePath, unpackEntries, widthIn } from "./tiles";

const PATIENCE_MS = 20_000;

async function get(site: string, path: string, signal?: AbortSignal): Promise<Response> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const told = { signal: signal ? AbortSignal.any([signal, late]) : late, cache: path.startsWith("tile") ? "default" : "no-store" } as const;
  const answer = await fetch(`/log/${encodeURIComponent(site)}/${path}`, told).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    lose();
    throw new Problem(0, OFFLINE);
  });
  hear(answer.status);
  if (!answer.ok) throw await problemIn(answer);
  return answer;
}

/** The newest checkpoint as a signed note. Throws Problem. */
export async function readNewest(site: string, signal?: AbortSignal): Promise<string> {
  return (await get(site, "checkpoint", signal)).text();
}

/** The policy that the server itself judges by. Throws Problem. */
export async function readServedPolicy(site: string, signal?: AbortSignal): Promise<string> {
  return (await get(site, "policy", signal)).text();
}

/** What a log of this size must give. Throws ProofError where it does not, Problem where the server is in trouble. */
async function owed(site: string, path: string, signal?: AbortSignal): Promise<Bytes> {
  try {
    return new Uint8Array(await (await get(site, path, signal)).arrayBuffer());
  } catch (error) {
    if (error instanceof Problem && error.status === 404) throw new ProofError(`the log does not give ${path}`);
    throw error;
  }
}

/** Reads tiles of the log of `site` at `size`, each once. */
export function tilesOf(site: string, size: number, signal?: AbortSignal): ReadTile {
  const known = new Map<string, Promise<Bytes>>();
  return (tile) => {
    const path = tilePath(tile.level, tile.n, widthIn(tile, size));
    const asked = known.get(path) ?? owed(site, path, signal);
    known.set(path, asked);
    return asked;
  };
}

/** The entries of bundle `n` of the log of `site` at `size`: up to 256, the first is number 256·n. Throws. */
export async function readBundle(site: string, size: number, n: number, signal?: AbortSignal): Promise<Bytes[]> {
  const width = widthIn({ level: 0, n }, size);
  const entries = unpackEntries(await owed(site, tilePath("entries", n, width), signal));
  if (entries.length !== width) throw new ProofError(`bundle ${n} has ${entries.length} entries, not ${width}`);
  return entries;
}

/** The bytes of entry `index` in the log of `site` at `size`. Throws. */
export async function readEntry(site: string, size: number, index: number, signal?: AbortSignal): Promise<Bytes> {
  return (await readBundle(site, size, Math.floor(index / WIDTH), signal))[index % WIDTH] as Bytes;
}

/** What an entry says; null where it is none of ours. */
export function entryOf(bytes: Bytes): Entry | null {
  try {
    const said = JSON.parse(textOf(bytes)) as Partial<Entry> | null;
    return typeof said?.c === "string" && typeof said.kind === "string" && (said.type === "fact" || said.type === "record") ? (said as Entry) : null;
  } catch {
    return null;
  }
}
