// Racks as they stand in the hall, drawn from the names painted on them: row-bay-level, such as `A-01-03`.

export interface Named {
  readonly name: string;
}

export interface Rack<Slot extends Named> {
  row: string;
  bays: string[];
  /** The highest first, as one sees them. */
  levels: string[];
  /** By level, then by bay; null where there is no slot. */
  cells: (Slot | null)[][];
}

export interface Place {
  row: string;
  bay: string;
  level: string;
}

const order = new Intl.Collator("en", { numeric: true });

/** Where a name says that its slot is; null for a name that says nothing of the kind. */
export function placeOf(name: string): Place | null {
  const parts = name.split("-");
  if (parts.length < 2 || parts.includes("")) return null;
  if (parts.length === 2) return { row: parts[0]!, bay: parts[1]!, level: "" };
  return { row: parts.slice(0, -2).join("-"), bay: parts.at(-2)!, level: parts.at(-1)! };
}

/** The racks that `slots` make up, rows and bays in order; `others` are those whose names tell no place. */
export function layRacks<Slot extends Named>(slots: readonly Slot[]): { racks: Rack<Slot>[]; others: Slot[] } {
  const rows = new Map<string, Map<string, Slot>>();
  const others: Slot[] = [];
  for (const slot of slots) {
    const place = placeOf(slot.name);
    if (place === null) {
      others.push(slot);
      continue;
    }
    if (!rows.has(place.row)) rows.set(place.row, new Map());
    rows.get(place.row)!.set(`${place.level}-${place.bay}`, slot);
  }
  const racks = [...rows].sort(([one], [other]) => order.compare(one, other)).map(([row, found]) => rackOf(row, found));
  return { racks, others: others.sort((one, other) => order.compare(one.name, other.name)) };
}

function rackOf<Slot extends Named>(row: string, found: Map<string, Slot>): Rack<Slot> {
  const places = [...found.values()].map((slot) => placeOf(slot.name)!);
  const bays = [...new Set(places.map((place) => place.bay))].sort(order.compare);
  const levels = [...new Set(places.map((place) => place.level))].sort(order.compare).reverse();
  return { row, bays, levels, cells: levels.map((level) => bays.map((bay) => found.get(`${level}-${bay}`) ?? null)) };
}

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

/** The cell that an arrow key leads to from (`level`, `bay`), past the gaps; the same one at the edge. */
export function cellAfter(cells: readonly (readonly unknown[])[], level: number, bay: number, key: Arrow): [number, number] {
  if (key === "Home") return [level, cells[level]!.findIndex((cell) => cell !== null)];
  if (key === "End") return [level, cells[level]!.findLastIndex((cell) => cell !== null)];
  const [down, right] = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key] as [number, number];
  for (let y = level + down, x = bay + right; cells[y]?.[x] !== undefined; y += down, x += right) {
    if (cells[y]![x] !== null) return [y, x];
  }
  return [level, bay];
}
