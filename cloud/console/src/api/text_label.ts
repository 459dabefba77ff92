// What a hand scanner types when it reads one of our labels: see wire/labels.py. Only to find the thing: whether a
// label is genuine is decided by whoever has the keys, never here.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const SIGNATURE_BYTES = 64;
const ID = /^[a-z0-9][a-z0-9-]{0,31}\/[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Bytes of base45 `text` (RFC 9285), or null when it is none. */
function base45(text: string): number[] | null {
  const out: number[] = [];
  for (let start = 0; start < text.length; start += 3) {
    const values = [...text.slice(start, start + 3)].map((character) => ALPHABET.indexOf(character));
    if (values.includes(-1) || values.length === 1) return null;
    const number = values.reduce((sum, value, place) => sum + value * 45 ** place, 0);
    if (number >= 256 ** (values.length - 1)) return null;
    if (values.length === 3) out.push(number >> 8);
    out.push(number & 0xff);
  }
  return out;
}

/** The id of the thing that `text` names: a label's text as scanned, or an id as typed; null for anything else. */
export function thingIn(text: string): string | null {
  const trimmed = text.trim();
  if (ID.test(trimmed)) return trimmed;
  if (!trimmed.startsWith("ST1:")) return null;
  const bytes = base45(text.trimStart().slice(4).replace(/[\r\n]+$/, ""));
  if (bytes === null || bytes.length <= 4 + SIGNATURE_BYTES) return null;
  const id = String.fromCharCode(...bytes.slice(4, -SIGNATURE_BYTES));
  return bytes[3] === id.length && ID.test(id) ? id : null;
}
