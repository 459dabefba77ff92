// A QR code (ISO/IEC 18004), error level M: of what our labels and passes say in the alphanumeric mode, as cloud/evidence/
// drawing.py makes them, of a link in bytes. Small enough to live here, so that a pass is drawn on the phone and sent nowhere.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

// Of level M, by version from 1: codewords that correct in each block, and the number of blocks.
const CORRECTING = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const M_FORMAT = 0;

/** The modules of the code for `text`, by row; true is black. Throws RangeError where it cannot be told. */
export function qr(text: string): boolean[][] {
  const told = said(text);
  const version = 1 + CORRECTING.findIndex((_, at) => 4 + told.countBits(at + 1) + told.bits.length <= 8 * dataWords(at + 1));
  if (version === 0) throw new RangeError("too long");
  const grid = new Grid(version);
  grid.place(interleaved(dataOf(told, version), version));
  return grid.masked();
}

/** The same as the `d` of an SVG path, one unit a module, from 0, 0. */
export function path(modules: readonly boolean[][]): string {
  return modules.flatMap((row, y) => row.map((black, x) => (black ? `M${x} ${y}h1v1h-1z` : ""))).join("");
}

/** A text in one mode: how many characters or bytes it has, and all of them as bits. */
interface Said {
  mode: number;
  length: number;
  countBits: (version: number) => number;
  bits: string;
}

function said(text: string): Said {
  const values = [...text].map((character) => ALPHABET.indexOf(character));
  if (!values.includes(-1)) {
    let bits = "";
    for (let at = 0; at < values.length; at += 2) {
      const pair = at + 1 < values.length;
      bits += binary(pair ? values[at]! * 45 + values[at + 1]! : values[at]!, pair ? 11 : 6);
    }
    return { mode: 2, length: values.length, countBits: (version) => (version < 10 ? 9 : version < 27 ? 11 : 13), bits };
  }
  const bytes = [...new TextEncoder().encode(text)];
  return { mode: 4, length: bytes.length, countBits: (version) => (version < 10 ? 8 : 16), bits: bytes.map((byte) => binary(byte, 8)).join("") };
}

const binary = (value: number, width: number) => value.toString(2).padStart(width, "0");
const dataWords = (version: number) => Math.floor(rawBits(version) / 8) - CORRECTING[version - 1]! * BLOCKS[version - 1]!;

/** Modules that are neither patterns nor told of the format and version. */
function rawBits(version: number): number {
  const aligned = version < 2 ? 0 : Math.floor(version / 7) + 2;
  const patterns = aligned === 0 ? 0 : 25 * aligned * aligned - 10 * aligned - 55;
  return (16 * version + 128) * version + 64 - patterns - (version < 7 ? 0 : 36);
}

function dataOf(told: Said, version: number): number[] {
  let bits = binary(told.mode, 4) + binary(told.length, told.countBits(version)) + told.bits;
  const room = dataWords(version);
  bits += "0".repeat(Math.min(4, 8 * room - bits.length));
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const words = bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2));
  for (let pad = 0xec; words.length < room; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

/** Data in blocks, each with its correcting codewords, taken word by word from all of them in turn. */
function interleaved(data: readonly number[], version: number): number[] {
  const blocks = BLOCKS[version - 1]!;
  const correcting = CORRECTING[version - 1]!;
  const short = Math.floor(data.length / blocks);
  const long = data.length % blocks;
  const parts: number[][] = [];
  for (let block = 0, at = 0; block < blocks; block++) {
    const size = short + (block >= blocks - long ? 1 : 0);
    parts.push(data.slice(at, (at += size)));
  }
  const remainders = parts.map((part) => remainder(part, correcting));
  const columns = (rows: number[][], width: number) => Array.from({ length: width }, (_, at) => rows.flatMap((row) => row[at] ?? [])).flat();
  return [...columns(parts, short + 1), ...columns(remainders, correcting)];
}

const EXP: number[] = [];
for (let power = 0, value = 1; power < 255; power++, value = (value << 1) ^ (value & 0x80 ? 0x11d : 0)) EXP.push(value);
const times = (one: number, other: number) => (one && other ? EXP[(EXP.indexOf(one) + EXP.indexOf(other)) % 255]! : 0);

/** Reed-Solomon over GF(256): what `part` leaves when divided by the generator of that degree. */
function remainder(part: readonly number[], degree: number): number[] {
  let generator = [1];
  for (let root = 0; root < degree; root++) {
    const scaled = generator.map((each) => times(each, EXP[root]!));
    generator = [...generator, 0].map((each, at) => each ^ (at > 0 ? scaled[at - 1]! : 0));
  }
  const left: number[] = Array.from({ length: degree }, () => 0);
  for (const word of part) {
    const factor = word ^ left.shift()!;
    left.push(0);
    for (let at = 0; at < degree; at++) left[at]! ^= times(generator[at + 1]!, factor);
  }
  return left;
}

/** The square: patterns first (they stay as they are), then data up and down in pairs of columns. */
class Grid {
  private readonly size: number;
  private readonly black: boolean[][];
  private readonly fixed: boolean[][];

  constructor(private readonly version: number) {
    this.size = 17 + 4 * version;
    this.black = Array.from({ length: this.size }, () => Array<boolean>(this.size).fill(false));
    this.fixed = this.black.map((row) => [...row]);
    this.patterns();
  }

  private set(x: number, y: number, black: boolean): void {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.black[y]![x] = black;
    this.fixed[y]![x] = true;
  }

  private patterns(): void {
    const last = this.size - 1;
    for (let at = 8; at < last - 7; at++) {
      this.set(at, 6, at % 2 === 0);
      this.set(6, at, at % 2 === 0);
    }
    for (const [x, y] of [[3, 3], [last - 3, 3], [3, last - 3]] as const) this.rings(x, y, 4, (ring) => ring !== 2 && ring !== 4);
    const centres = this.centres();
    for (const x of centres) {
      for (const y of centres) {
        const corner = (x === 6 && (y === 6 || y === last - 6)) || (x === last - 6 && y === 6);
        if (!corner) this.rings(x, y, 2, (ring) => ring !== 1);
      }
    }
    this.tell(0); // takes the room; told rightly once the mask is chosen
    if (this.version >= 7) this.tellVersion();
  }

  private rings(x: number, y: number, most: number, black: (ring: number) => boolean): void {
    for (let dy = -most; dy <= most; dy++) {
      for (let dx = -most; dx <= most; dx++) this.set(x + dx, y + dy, black(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }

  private centres(): number[] {
    if (this.version === 1) return [];
    const many = Math.floor(this.version / 7) + 2;
    const step = Math.ceil((this.version * 4 + 4) / (many * 2 - 2)) * 2;
    return [6, ...Array.from({ length: many - 1 }, (_, at) => this.size - 7 - step * (many - 2 - at))];
  }

  private tell(mask: number): void {
    const data = (M_FORMAT << 3) | mask;
    let rest = data;
    for (let at = 0; at < 10; at++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412;
    const bit = (at: number) => ((bits >> at) & 1) === 1;
    const last = this.size - 1;
    for (let at = 0; at < 15; at++) {
      if (at < 6) this.set(8, at, bit(at));
      else if (at < 8) this.set(8, at + 1, bit(at));
      else if (at === 8) this.set(7, 8, bit(at));
      else this.set(14 - at, 8, bit(at));
      if (at < 8) this.set(last - at, 8, bit(at));
      else this.set(8, last - 14 + at, bit(at));
    }
    this.set(8, last - 7, true);
  }

  private tellVersion(): void {
    let rest = this.version;
    for (let at = 0; at < 12; at++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let at = 0; at < 18; at++) {
      const far = this.size - 11 + (at % 3);
      this.set(far, Math.floor(at / 3), ((bits >> at) & 1) === 1);
      this.set(Math.floor(at / 3), far, ((bits >> at) & 1) === 1);
    }
  }

  /** Data bits along the zigzag from the lower right. */
  place(words: readonly number[]): void {
    let at = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let along = 0; along < this.size; along++) {
        for (const x of [right, right - 1]) {
          const y = ((right + 1) & 2) === 0 ? this.size - 1 - along : along;
          if (this.fixed[y]![x]) continue;
          this.black[y]![x] = at < words.length * 8 && ((words[at >> 3]! >> (7 - (at & 7))) & 1) === 1;
          at++;
        }
      }
    }
  }

  /** With mask 0, a checkerboard: our texts are signatures, as good as chance, so no mask makes them easier to read. */
  masked(): boolean[][] {
    for (let y = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) if (!this.fixed[y]![x] && (x + y) % 2 === 0) this.black[y]![x] = !this.black[y]![x];
    }
    this.tell(0);
    return this.black;
  }
}
