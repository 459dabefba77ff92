// Slots that are named one like the other: row A, bays 1 to 10, levels 1 to 4.

export interface Range {
  row: string;
  firstBay: number;
  lastBay: number;
  firstLevel: number;
  lastLevel: number;
}

/** No more slots are made in one go than somebody would look over. */
export const MOST = 2000;

const ROW = /^[A-Za-z0-9][A-Za-z0-9.-]{0,20}$/;

/** What is wrong with a range; null for nothing. */
export function faultIn(range: Range): "row" | "bays" | "levels" | "many" | null {
  if (!ROW.test(range.row)) return "row";
  if (!ordered(range.firstBay, range.lastBay)) return "bays";
  if (!ordered(range.firstLevel, range.lastLevel)) return "levels";
  return sizeOf(range) > MOST ? "many" : null;
}

function ordered(first: number, last: number): boolean {
  return Number.isInteger(first) && Number.isInteger(last) && first >= 0 && last >= first && last <= 9999;
}

function sizeOf(range: Range): number {
  return (range.lastBay - range.firstBay + 1) * (range.lastLevel - range.firstLevel + 1);
}

/** The names of a range that is right, bay by bay, each level from below: `A-01-01`, `A-01-02` … */
export function namesIn(range: Range): string[] {
  const names: string[] = [];
  for (let bay = range.firstBay; bay <= range.lastBay; bay += 1) {
    for (let level = range.firstLevel; level <= range.lastLevel; level += 1) {
      names.push(`${range.row}-${padded(bay, range.lastBay)}-${padded(level, range.lastLevel)}`);
    }
  }
  return names;
}

/** As many digits as the last one has, and never less than two: names sort as they stand. */
function padded(number: number, last: number): string {
  return String(number).padStart(Math.max(2, String(last).length), "0");
}

/** `many` in pieces of at most `size`. */
export function pieces<T>(many: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(many.length / size) }, (_, at) => many.slice(at * size, (at + 1) * size));
}
