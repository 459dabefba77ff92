/** A thing that a label can be printed for. */
export interface Labelled {
  id: string;
  name: string;
  case_number: string;
  label_issue: number | null;
}

/** Which stickers, numbered from 1, are printed on the first sheet. */
export function printedOn(sticker: number, start: number, count: number): boolean {
  return sticker >= start && sticker < start + count;
}
