// Permits as the pages show them.
import type { components } from "../api/schema";

export type Permit = components["schemas"]["Permit"];
export type PermitState = Permit["state"];

export const PERMIT_STATES: readonly PermitState[] = ["living", "spent", "expired", "revoked"];

/** Whether a living permit's time has not come yet. */
export function isEarly(permit: Pick<Permit, "state" | "not_before">, now: Date): boolean {
  return permit.state === "living" && Date.parse(permit.not_before) > now.getTime();
}

/** How many of its things have passed. */
export function passed(permit: Pick<Permit, "things">): number {
  return permit.things.filter((thing) => thing.spent_index !== null).length;
}
