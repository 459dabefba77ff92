// Bytes and how they are written. Everything here is checked by the reader's own machine: WebCrypto, no server.

export type Bytes = Uint8Array<ArrayBuffer>;

/** What was checked is not so; the message says what, for whoever looks into it. */
export class ProofError extends Error {}

/** `text` as UTF-8. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** The text of strict UTF-8 `bytes`. Throws ProofError. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProofError("not UTF-8");
  }
}

/** One after the other. */
export function join(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of lower-case hexadecimal. Throws ProofError. */
export function unhex(text: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new ProofError("not hexadecimal");
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of base64 in its one spelling. Throws ProofError. */
export function unbase64(text: string): Bytes {
  let bytes: Bytes;
  try {
    bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw new ProofError("not base64");
  }
  if (base64(bytes) !== text) throw new ProofError("not the one spelling of this base64 value");
  return bytes;
}

/** SHA-256 of `parts`, one after the other: 32 bytes. */
export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
}

/** Whether the raw Ed25519 key `key` (32 bytes) made `signature` (64 bytes) over `message`. */
export async function signed(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

/** What this browser cannot do of what is needed, null where it can: old ones have no Ed25519, plain HTTP no WebCrypto. */
export async function lacking(): Promise<"webcrypto" | "ed25519" | null> {
  if (globalThis.crypto?.subtle === undefined) return "webcrypto";
  try {
    await crypto.subtle.importKey("raw", unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), { name: "Ed25519" }, false, ["verify"]);
    return null;
  } catch {
    return "ed25519";
  }
}
