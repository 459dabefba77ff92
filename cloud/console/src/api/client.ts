import { hear, lose } from "../reach";
import { OFFLINE, Problem, problemIn } from "./problem";
import type { paths } from "./schema";

const PATIENCE_MS = 20_000;

/** Has an `answer` event whenever the server no longer knows who is asking. */
export const unauthorized = new EventTarget();

type Verb = "get" | "post" | "put" | "delete";
type Operation<Path extends keyof paths, Method extends Verb> = paths[Path][Method];

/** What the API answers when all is well; nothing for a 204. */
type Answer<Asked> = Asked extends { responses: { 200: { content: { "application/json": infer Body } } } }
  ? Body
  : Asked extends { responses: { 201: { content: { "application/json": infer Body } } } }
    ? Body
    : undefined;

type Query<Asked> = Asked extends { parameters: { query?: infer Given } } ? { query?: Given } : unknown;
type InPath<Asked> = Asked extends { parameters: { path: infer Given } } ? { path: Given } : unknown;
type Content<Asked> = Asked extends { requestBody: { content: { "application/json": infer Body } } }
  ? { body: Body }
  : unknown;
/**
 * `ifMatch`: the newest entry that whoever acts has seen of the things; something newer is a 412.
 * `idempotencyKey`: asked again with the same, it is done once.
 */
type Asking<Asked> = Query<Asked> & InPath<Asked> & Content<Asked> & { signal?: AbortSignal; ifMatch?: number | null; idempotencyKey?: string };

interface Loose {
  path?: object;
  query?: object;
  body?: unknown;
  signal?: AbortSignal;
  ifMatch?: number | null;
  idempotencyKey?: string;
}

/** An id such as `nj01/I-0000000001` as part of a path: its slash stays one. */
export function idPath(id: string): string {
  return id.split("/").map(encodeURIComponent).join("/");
}

/** The address of `path` with its ids filled in and those members of `query` that have a value. */
export function address(path: keyof paths, inPath: object = {}, query: object = {}): string {
  const filled = Object.entries(inPath).reduce(
    (filled, [name, id]) => filled.replace(`{${name}}`, idPath(String(id))),
    path as string,
  );
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length === 0 ? filled : `${filled}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** An id such as `nj01/I-0000000001` says at which site it is to be read, which may be one below mine. */
function siteOf(inPath: object = {}): { site?: string } {
  const [, site] = /^([a-z0-9-]+)\/[A-Z]-/.exec(String((inPath as { id?: unknown }).id ?? "")) ?? [];
  return site ? { site } : {};
}

/** Asks the API. Throws Problem for every other answer than the one hoped for. */
export async function call<Method extends Verb, Path extends keyof paths>(
  method: Method,
  path: Path,
  asking: Asking<Operation<Path, Method>>,
): Promise<Answer<Operation<Path, Method>>> {
  const { path: inPath, query: given, body, signal, ifMatch, idempotencyKey } = asking as Loose;
  const query = method === "get" ? { ...siteOf(inPath), ...given } : given; // acts are at one's own site
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "get") headers["X-Sealtrail"] = "1"; // a form of another site cannot say so
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (ifMatch !== undefined && ifMatch !== null) headers["If-Match"] = `"${ifMatch}"`;
  if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
  const late = AbortSignal.timeout(PATIENCE_MS);
  let answer: Response;
  try {
    answer = await fetch(address(path, inPath, query), {
      method: method.toUpperCase(),
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    lose();
    throw new Problem(0, OFFLINE);
  }
  hear(answer.status);
  if (answer.status === 401 && path !== "/api/v1/session") unauthorized.dispatchEvent(new Event("answer"));
  if (!answer.ok) throw await problemIn(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as Answer<Operation<Path, Method>>;
}
