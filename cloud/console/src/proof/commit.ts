// What an entry commits to (DESIGN section 3): the content itself stays outside the log, under a salt.
import { type Bytes, hex, sha256, unhex, utf8 } from "./bytes";

/** What a log's entry says, as far as this page reads it. */
export interface Entry {
  type: "fact" | "record";
  kind: string;
  at: string | null;
  taken_at?: string;
  agent?: string;
  seq?: number;
  /** The commitment, and for a fact the head of its agent's chain after it: hexadecimal. */
  c: string;
  h?: string;
}

/** Commitment to `content` (canonical JSON) of an entry of `type` under `salt`: SHA-256(prefix ‖ salt ‖ content). */
export function commitment(type: Entry["type"], content: string, salt: Bytes): Promise<Bytes> {
  return sha256(utf8(`sealtrail/${type}/1\0`), salt, utf8(content));
}

/** Whether `content` under `salt` (hexadecimal) is what `entry` commits to. */
export async function isCommitted(entry: Pick<Entry, "type" | "c">, content: string, salt: string): Promise<boolean> {
  return hex(await commitment(entry.type, content, unhex(salt))) === entry.c;
}
