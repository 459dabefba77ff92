// What a permit can be asked for: things whose state lets them pass a gate, by the same rows of the pack that the server
// judges by. The server has the last word.
import { bookOf } from "../acts/rule_books";
import { type Content, atTheGate } from "../acts/rules";
import { call } from "../api/client";
import { Problem } from "../api/problem";
import type { Item, Package, PackageRow } from "../api/types";
import { learn } from "../names";

export type Direction = "in" | "out";

/** Why nobody is offered a permit for a thing: it is under hold, does not pass from here, waits for hands, has no label. */
export type Hindrance = "held" | "state" | "act" | "label";

export interface Candidate {
  id: string;
  name: string;
  state: string;
  /** The ways it may pass now; more than one only where the pack says so. */
  ways: Direction[];
  hindrance: Hindrance | null;
}

type Evidence = Pick<Item | PackageRow, "id" | "state" | "held" | "label_issue" | "custody">;

const WAY_OF: Record<string, Direction> = { stock_in: "in", stock_out: "out" };

/** What a permit for `thing` could be, under the rules of its case. */
export function candidateOf(content: Content, thing: Evidence & ({ name: string } | { seal_number: string })): Candidate {
  const kind = thing.id.includes("/P-") ? ("package" as const) : ("item" as const);
  const ways = (held: boolean) =>
    atTheGate(content, { kind, state: thing.state, held, value_fen: 0, method: thing.custody?.method ?? null }).flatMap(
      ({ action }) => WAY_OF[action] ?? [],
    );
  const open = ways(thing.held);
  return {
    id: thing.id,
    name: "name" in thing ? thing.name : thing.seal_number,
    state: thing.state,
    ways: open,
    hindrance: open.length === 0 ? (ways(false).length > 0 ? "held" : "state") : hindranceOf(thing),
  };
}

function hindranceOf(thing: Evidence): Hindrance | null {
  if (thing.custody?.act) return "act";
  return thing.label_issue === null ? "label" : null;
}

/** The thing of this id, an item that is closed up in a package as that package; null where there is no such thing. */
export async function loadCandidate(id: string, signal?: AbortSignal): Promise<Candidate | null> {
  try {
    const thing: Item | Package = id.includes("/P-")
      ? await call("get", "/api/v1/packages/{id}", { path: { id }, signal })
      : await call("get", "/api/v1/items/{id}", { path: { id }, signal });
    if ("package_id" in thing && thing.package_id !== null && thing.state !== "opened") return loadCandidate(thing.package_id, signal);
    const about = await call("get", "/api/v1/cases/{id}", { path: { id: thing.case_id }, signal });
    const found = candidateOf((await bookOf(about.rule_pack)).content, thing);
    learn([found]);
    return found;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
