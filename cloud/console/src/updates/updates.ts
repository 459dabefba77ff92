// Releases of the program, and how far each agent has come with the one that is wanted of it.
import { call } from "../api/client";
import { OFFLINE, Problem, problemIn } from "../api/problem";
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Release = Schemas["Release"];
export type AgentUpdate = Schemas["AgentUpdate"];
export type Wanted = Schemas["Wanted"];

export interface Fleet {
  releases: Release[];
  publishers: number;
  agents: AgentUpdate[];
}

export async function loadFleet(signal: AbortSignal): Promise<Fleet> {
  const [releases, updates] = await Promise.all([
    call("get", "/api/v1/releases", { signal }),
    call("get", "/api/v1/updates", { signal }),
  ]);
  return { releases: releases.rows, publishers: releases.publishers, agents: updates.rows };
}

const TAGS: Partial<Record<Wanted["state"], string>> = { applied: "ok", refused: "no", rolled_back: "no", waiting: "warn" };

/** How a state looks. */
export function tagOf(state: Wanted["state"]): string {
  return TAGS[state] ?? "accent";
}

/** Whether an agent is on its way to what is wanted of it. */
export function underWay(update: AgentUpdate): boolean {
  return update.wanted !== null && !["applied", "refused", "rolled_back"].includes(update.wanted.state);
}

/** Whether only one agent may take `release` now: none runs it yet. */
export function oneFirst(release: Release, agents: readonly AgentUpdate[]): boolean {
  return release.applied === 0 && agents.length > 1;
}

/** Sends a release; `came` hears which part of it is there (0 to 1). Throws Problem. */
export function sendRelease(file: File, notes: string, came: (part: number) => void): Promise<Release> {
  return new Promise((done, failed) => {
    const asking = new XMLHttpRequest(); // fetch tells nothing of how far a body has gone
    asking.open("POST", `/api/v1/releases?${new URLSearchParams({ notes })}`);
    asking.setRequestHeader("X-Sealtrail", "1");
    asking.setRequestHeader("Content-Type", "application/octet-stream");
    asking.upload.onprogress = (event) => came(event.total ? event.loaded / event.total : 0);
    asking.onerror = () => failed(new Problem(0, OFFLINE));
    asking.onload = () => {
      const headers = { "content-type": asking.getResponseHeader("content-type") ?? "" };
      const answer = new Response(asking.responseText, { status: asking.status, headers });
      if (asking.status === 201) void answer.json().then((made) => done(made as Release));
      else void problemIn(answer).then(failed);
    };
    asking.send(file);
  });
}
