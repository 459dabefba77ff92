import { address } from "../api/client";
import { hear, lose } from "../reach";
import { whoAmI } from "../session";
import { wait_ms } from "./backoff";

export type ConnectionState = "connecting" | "live" | "reconnecting" | "offline";

export interface Connection {
  state: ConnectionState;
  since: Date;
}

export interface StreamListener {
  onEvent: (kind: string, data: unknown) => void;
  onConnection: (state: ConnectionState) => void;
  onSignedOut: () => void;
}

const KINDS = ["passage", "crossed", "abandoned", "alarm", "agent", "picture", "override"] as const;
const LONGEST_WAIT_MS = 10_000;
const SILENCE_MS = 25_000; // the server's heartbeats are not shown to scripts: after this long we ask ourselves

/**
 * Follows what happens at `site` (null: at all that I may read) after ledger entry `after`, null: from now on; answers with
 * what ends it.
 *
 * EventSource reconnects and says where it stopped (Last-Event-ID) by itself after a broken connection. It gives up on
 * an answer that is no stream: then we ask whether we are still signed in and open a new one from the last entry seen.
 */
export function follow(site: string | null, after: number | null, listener: StreamListener): () => void {
  let source: EventSource | null = null;
  let last = after === null ? "" : String(after);
  let failures = 0;
  let heard = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  function open(): void {
    if (ended) return;
    source?.close();
    clearTimeout(timer);
    const stream = new EventSource(site === null ? address("/api/v1/sites/live") : address("/api/v1/live", {}, { site, after: last }));
    source = stream;
    stream.onopen = () => {
      failures = 0;
      heard = Date.now();
      hear();
      listener.onConnection("live");
    };
    stream.onerror = () => {
      if (stream !== source) return;
      broken();
      if (stream.readyState === EventSource.CLOSED) again();
    };
    for (const kind of KINDS) {
      stream.addEventListener(kind, (event: MessageEvent<string>) => {
        heard = Date.now();
        hear();
        if (event.lastEventId !== "") last = event.lastEventId;
        listener.onEvent(kind, JSON.parse(event.data));
      });
    }
  }

  function broken(): void {
    lose();
    listener.onConnection(navigator.onLine ? "reconnecting" : "offline");
  }

  function again(): void {
    clearTimeout(timer);
    timer = setTimeout(ask, wait_ms(failures++, LONGEST_WAIT_MS));
  }

  async function ask(): Promise<void> {
    const somebody = await whoAmI().catch(() => undefined);
    if (ended) return;
    if (somebody === null) listener.onSignedOut();
    else if (somebody === undefined) again();
    else open();
  }

  async function checkSilence(): Promise<void> {
    if (source?.readyState !== EventSource.OPEN || Date.now() - heard < SILENCE_MS) return;
    heard = Date.now();
    const somebody = await whoAmI().catch(() => undefined);
    if (ended || somebody) return;
    if (somebody === null) return listener.onSignedOut();
    source?.close();
    broken();
    again();
  }

  const silence = setInterval(() => void checkSilence(), SILENCE_MS / 2);
  addEventListener("online", open);
  addEventListener("offline", broken);
  listener.onConnection("connecting");
  open();

  return () => {
    ended = true;
    source?.close();
    clearTimeout(timer);
    clearInterval(silence);
    removeEventListener("online", open);
    removeEventListener("offline", broken);
  };
}
