import { call } from "../api/client";
import { download } from "../api/download";
import type { HistoryRow } from "../api/types";
import type { components } from "../api/schema";

type Clip = components["schemas"]["ClipShown"];
type Segment = components["schemas"]["SegmentShown"];

/** What a fact is about: an agent's fact by its number there. Film of it begins at the second `at`, where that is given. */
export interface Event {
  agent: string;
  seq: number;
  at?: string;
}

/** Whether the bytes of a segment are what the agent signed. `unchecked`: this page may not compute digests. */
export type Verdict = "loading" | "absent" | "erased" | "failed" | "genuine" | "differs" | "unchecked";

/** A segment as it is shown; `url` while its bytes may be played. */
export interface Piece {
  segment: Segment;
  verdict: Verdict;
  url: string | null;
}

const FILMED = ["passage_decided", "passage_crossed", "step_decided", "break_glass_opened", "break_glass_closed", "presence_seen", "slot_misplaced"];

/** The event whose film belongs to an entry of a history; null where nothing is filmed for such. */
export function eventOf(row: HistoryRow): Event | null {
  if (row.agent === null || row.seq === null) return null;
  if (row.kind === "clip_closed") return typeof row.content.clip === "number" ? { agent: row.agent, seq: row.content.clip } : null;
  return FILMED.includes(row.kind) || row.kind.startsWith("door_") ? { agent: row.agent, seq: row.seq, at: row.at } : null;
}

const WITHOUT_FILM = ["order_distrusted", "order_refused", "device_lost", "video_lost", "segment_damaged", "recording_blocked"];

/** The event that an alarm is about, if it is one that is filmed. */
export function eventOfAlarm(alarm: { cause: string; detail: Record<string, unknown> }): Event | null {
  const { agent, seq } = alarm.detail;
  if (typeof agent !== "string" || typeof seq !== "number" || WITHOUT_FILM.includes(alarm.cause) || alarm.cause.startsWith("camera_")) return null;
  return { agent, seq };
}

/** The clips of `event`. Throws Problem. */
export async function clipsOf(event: Event, signal: AbortSignal): Promise<Clip[]> {
  return (await call("get", "/api/v1/clips", { query: { agent: event.agent, seq: event.seq }, signal })).rows;
}

/** Which of the segments shows the second `at`, and how far into it that is; the first one where none does. */
export function secondIn(segments: readonly Pick<Segment, "begun" | "ended">[], at: string | undefined): { number: number; from_s: number } {
  const time = at === undefined ? Number.NaN : Date.parse(at);
  const number = segments.findIndex((one) => Date.parse(one.begun) <= time && time < Date.parse(one.ended));
  return number < 0 ? { number: 0, from_s: 0 } : { number, from_s: (time - Date.parse(segments[number]!.begun)) / 1000 };
}

/** Loads a segment and checks it against `sha256`, which the agent signed. Only what agrees may be played. */
export async function load(segment: Segment, signal: AbortSignal): Promise<Omit<Piece, "segment">> {
  if (segment.erased) return { verdict: "erased", url: null };
  if (!segment.ready) return { verdict: "absent", url: null };
  try {
    const content = await download("/api/v1/media/{sha256}", { sha256: segment.sha256 }, {}, () => {}, signal);
    const found = await digestOf(content);
    if (found !== null && found !== segment.sha256) return { verdict: "differs", url: null };
    return { verdict: found === null ? "unchecked" : "genuine", url: URL.createObjectURL(content) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { verdict: "failed", url: null };
  }
}

/** SHA-256 in hex; null where the browser lends its cryptography only to pages that came over HTTPS. */
export async function digestOf(content: Blob): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await content.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What may be said of all pieces together: the worst of them. */
export function together(pieces: readonly Piece[]): Verdict {
  const order: Verdict[] = ["differs", "loading", "failed", "erased", "absent", "unchecked"];
  return order.find((verdict) => pieces.some((piece) => piece.verdict === verdict)) ?? "genuine";
}
