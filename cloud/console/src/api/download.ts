import { address, unauthorized } from "./client";
import { OFFLINE, Problem, problemIn } from "./problem";
import type { paths } from "./schema";

/** The bytes at `path` as they come; `onBytes` hears how many there are so far. Throws Problem. */
export async function download(
  path: keyof paths,
  inPath: object,
  query: object,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  try {
    const answer = await fetch(address(path, inPath, query), { signal });
    if (answer.status === 401) unauthorized.dispatchEvent(new Event("answer"));
    if (!answer.ok) throw await problemIn(answer);
    const pieces: BlobPart[] = [];
    let bytes = 0;
    for (const reader = answer.body!.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value as Uint8Array<ArrayBuffer>);
      onBytes((bytes += value.length));
    }
    return new Blob(pieces, { type: answer.headers.get("content-type") ?? "" });
  } catch (error) {
    if (signal.aborted || error instanceof Problem) throw error;
    throw new Problem(0, OFFLINE);
  }
}

/** Gives `content` to the person as a file called `name`. */
export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
