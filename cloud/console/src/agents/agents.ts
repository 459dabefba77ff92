// The agents of my site: how each is, its certificate, the claims by which devices join.
import { call } from "../api/client";
import type { components } from "../api/schema";
import type { AgentUpdate } from "../updates/updates";

type Schemas = components["schemas"];

export type Health = Schemas["AgentHealth"];
export type Certificate = Schemas["CertificateRow"];
export type Claim = Schemas["ClaimRow"];
export type Configuration = Schemas["Configuration"];

export interface AgentShown {
  health: Health;
  update: AgentUpdate | null;
  certificate: Certificate | null;
}

export async function loadAgents(signal: AbortSignal): Promise<AgentShown[]> {
  const [health, updates, certificates] = await Promise.all([
    call("get", "/api/v1/agents/health", { signal }),
    call("get", "/api/v1/updates", { signal }),
    call("get", "/api/v1/certificates", { signal }),
  ]);
  const byAgent = new Map(certificates.rows.map((row) => [row.agent, row]));
  const wanted = new Map(updates.rows.map((row) => [row.agent, row]));
  return health.rows.map((each) => ({ health: each, update: wanted.get(each.id) ?? null, certificate: byAgent.get(each.id) ?? null }));
}

/** Claims that somebody may still come with, or whose device waits to be confirmed. */
export async function loadOpenClaims(signal: AbortSignal): Promise<Claim[]> {
  const rows = (await call("get", "/api/v1/claims", { signal })).rows;
  return rows.filter((row) => row.ended === null && new Date(row.expires_at).getTime() > Date.now());
}

export interface Line {
  text: string;
  change: "same" | "added" | "gone";
}

/** `now` with what it has that `before` had not, and the other way round: the longest common lines are the same. */
export function compared(before: string, now: string): Line[] {
  const old = before === "" ? [] : before.trimEnd().split("\n");
  const fresh = now.trimEnd().split("\n");
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      common[i]![j] = old[i] === fresh[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const lines: Line[] = [];
  for (let i = 0, j = 0; i < old.length || j < fresh.length; ) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push({ text: old[i]!, change: "same" });
      i++;
      j++;
    } else if (j >= fresh.length || (i < old.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ text: old[i++]!, change: "gone" });
    } else {
      lines.push({ text: fresh[j++]!, change: "added" });
    }
  }
  return lines;
}

export interface Fault {
  /** From 1; null where it is about no line. */
  line: number | null;
  text: string;
}

/** A fault as the agent tells it, `…/site.yaml:12: where: problem`, or as YAML does, `… line 3, column 5`. */
export function faultOf(told: string): Fault {
  const ours = /^\S*?:(\d+): ([\s\S]+)$/.exec(told);
  if (ours) return { line: Number(ours[1]), text: ours[2]! };
  const yaml = [...told.matchAll(/line (\d+), column \d+/g)].at(-1);
  return { line: yaml ? Number(yaml[1]) : null, text: told };
}
