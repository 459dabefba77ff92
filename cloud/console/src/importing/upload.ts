// A file sent whole, with how much of it has left; fetch cannot tell that.
import { address, unauthorized } from "../api/client";
import { OFFLINE, Problem } from "../api/problem";
import type { components } from "../api/schema";

export type ImportAnswer = components["schemas"]["ImportAnswer"];
export type RowFault = components["schemas"]["RowFault"];

/** What was refused, with every fault of the file. */
export class FileProblem extends Problem {
  constructor(
    status: number,
    code: string,
    detail: string | null,
    readonly faults: RowFault[],
    readonly faultCount: number,
  ) {
    super(status, code, detail);
  }
}

/** The SHA-256 of `bytes` in hex: the same file is the same import, however often it is sent. Throws Problem. */
export async function digestOf(bytes: BufferSource): Promise<string> {
  if (!globalThis.crypto?.subtle) throw new Problem(0, "insecure_page");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface Sending {
  file: File;
  source: string;
  check: boolean;
  /** With what it is done once; needed unless it is only checked. */
  key: string;
  onSent: (share: number) => void;
  signal: AbortSignal;
}

/** Sends a file of items to be checked or imported. Throws FileProblem where it has faults, Problem else. */
export function sendFile(sending: Sending): Promise<ImportAnswer> {
  const { file, source, check, key, onSent, signal } = sending;
  const request = new XMLHttpRequest();
  request.open("POST", address("/api/v1/imports", {}, { source, check }));
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-Sealtrail", "1");
  request.setRequestHeader("Content-Type", /\.json$/i.test(file.name) ? "application/json" : "text/csv");
  if (!check) request.setRequestHeader("Idempotency-Key", key);
  request.upload.onprogress = (event) => event.lengthComputable && onSent(event.loaded / event.total);
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    request.onload = () => {
      if (request.status === 401) unauthorized.dispatchEvent(new Event("answer"));
      if (request.status < 300) resolve(JSON.parse(request.responseText) as ImportAnswer);
      else reject(problemOf(request.status, request.responseText));
    };
    request.onerror = request.onabort = () => reject(new Problem(0, OFFLINE));
    request.send(file);
  });
}

/** The problem that an answer holds, whatever else answered in the server's place. */
export function problemOf(status: number, text: string): FileProblem {
  let body: Partial<{ code: string; detail: string; faults: RowFault[]; fault_count: number }> = {};
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return new FileProblem(status, `status_${status}`, null, [], 0);
  }
  const faults = Array.isArray(body.faults) ? body.faults : [];
  return new FileProblem(status, body.code ?? `status_${status}`, body.detail ?? null, faults, body.fault_count ?? faults.length);
}
