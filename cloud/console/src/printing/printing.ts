// Label printers and what was sent to them.
import { call } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type PrintJob = Schemas["PrintJob"];
export type Printed = Schemas["PrintedShown"];
export type Printer = Schemas["Printer"];

/** Print jobs, newest first: of an agent, or the one called so. Throws Problem. */
export async function loadJobs(signal: AbortSignal, of: { agent?: string; job?: string; after?: number }): Promise<{ rows: PrintJob[]; next: number | null }> {
  if (of.job) return { rows: [await call("get", "/api/v1/labels/jobs/{id}", { path: { id: of.job }, signal })], next: null };
  return call("get", "/api/v1/labels/jobs", { query: { agent: of.agent ?? null, after: of.after ?? null, limit: 10 }, signal });
}

/** The label printers of the site; with `agent`, of that one. Throws Problem. */
export async function loadPrinters(signal: AbortSignal, agent?: string): Promise<Printer[]> {
  const { rows } = await call("get", "/api/v1/printers", { signal });
  return agent === undefined ? rows : rows.filter((each) => each.agent === agent);
}

/** What is printed again unless somebody chooses otherwise: what did not come out for certain; all, where all did. */
export function lacking(job: Pick<PrintJob, "labels">): string[] {
  const open = job.labels.filter((each) => each.outcome !== "printed");
  return (open.length ? open : job.labels).map((each) => each.thing);
}

/** How serious an outcome or a state of a printer is: the colour of its tag. */
export function toneOf(told: string | null): "ok" | "warn" | "no" | "" {
  if (told === "printed" || told === "ready") return "ok";
  if (told === null || told === "unreachable" || told === "unclear" || told === "paused") return told === null ? "" : "warn";
  return told === "unknown" || told === "partial" ? "warn" : "no";
}
