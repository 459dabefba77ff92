import { OFFLINE, Problem, problemIn } from "./problem";

const ROOT = "/api/v1";
const PATIENCE_MS = 20_000;

interface Asked {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  signal?: AbortSignal;
}

/** An id such as `nj01/I-0000000001` as part of a path: its slash stays one. */
export function idPath(id: string): string {
  return id.split("/").map(encodeURIComponent).join("/");
}

export function address(path: string, query: Asked["query"] = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return ROOT + path + (given.length > 0 ? `?${new URLSearchParams(given)}` : "");
}

/** Asks the API. Throws Problem for every other answer than the one hoped for. */
export async function call<Answer>(method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-Sealtrail"] = "1";
  if (asked.body !== undefined) headers["Content-Type"] = "application/json";
  const late = AbortSignal.timeout(PATIENCE_MS);
  let answer: Response;
  try {
    answer = await fetch(address(path, asked.query), {
      method,
      headers,
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      signal: asked.signal ? AbortSignal.any([asked.signal, late]) : late,
    });
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Problem(0, OFFLINE);
  }
  if (!answer.ok) throw await problemIn(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as Answer;
}
