// The floor plan of a site: what stands where, how each thing is. Pure; what is placed nowhere finds its place by itself.
import type { Alarm } from "../alarms/alarms";
import type { components } from "../api/schema";
import type { SensorDevice } from "../sensors/rooms";
import type { Slot, Zone } from "../warehouse/places";

type Schemas = components["schemas"];
export type Mark = Schemas["Mark"];
export type Kind = Mark["kind"];
export type Plan = Schemas["Plan"];

/** Parts that a plan's width and height count, as the API has them. */
export const FULL = 10_000;

/** All that a plan can show. */
export interface Site {
  zones: readonly Zone[];
  slots: readonly Slot[];
  gates: readonly Schemas["Gate"][];
  doors: readonly Schemas["Door"][];
  cameras: readonly Schemas["WatchShown"][];
  sensors: readonly SensorDevice[];
  alarms: readonly Alarm[];
  /** Whether each agent is online. */
  online: ReadonlyMap<string, boolean>;
}

/** `state`: well, to be looked at, wrong, or nobody knows because nothing is heard of it. */
export interface Thing {
  kind: Kind;
  name: string;
  label: string;
  to: string;
  state: "ok" | "warn" | "no" | "off";
  /** The key of the words for how it is. */
  says: string;
  alarms: number;
  zone?: Zone;
  slots?: readonly Slot[];
  sensor?: SensorDevice;
}

export type Placed = Thing & { x: number; y: number; fixed: boolean };

/** The name by which a mark speaks of a station or device. */
export function nameOf(agent: string, what: string): string {
  return `${agent} ${what}`;
}

/** Whether an alarm at `place` is about the thing `name`: the zone, the station or device, or the agent as a whole. */
export function isAt(place: string, name: string): boolean {
  const [agent, what] = name.split(" ");
  if (what === undefined) return place === name;
  return place === agent || place === `${agent}:${what}` || place.startsWith(`${agent}:${what}.`);
}

const LEVEL = { green: "ok", yellow: "warn", red: "no" } as const;

/** Everything on the plan with how it is. */
export function thingsOf(site: Site): Thing[] {
  const living = (name: string) => site.alarms.filter((alarm) => isAt(alarm.place, name)).length;
  const thing = (kind: Kind, name: string, label: string, to: string, state: Thing["state"], says: string, more: Partial<Thing> = {}): Thing => {
    const alarms = living(name);
    return { kind, name, label, to, state: alarms > 0 ? "no" : state, says, alarms, ...more };
  };
  const at = (kind: Kind, agent: string, what: string, to: string, well: Thing["state"], says: string, more: Partial<Thing> = {}): Thing =>
    site.online.get(agent) === false
      ? thing(kind, nameOf(agent, what), what, to, "off", "off", more)
      : thing(kind, nameOf(agent, what), what, to, well, says, more);
  return [
    ...site.zones.map((zone) => thing("zone", zone.id, zone.name, "/warehouse", LEVEL[zone.level], zone.level, { zone, slots: site.slots.filter((slot) => slot.zone === zone.id) })),
    ...site.gates.map(({ agent, station }) => at("gate", agent, station, `/agents/${agent}`, "ok", "online")),
    ...site.doors.map(({ agent, station, open }) => at("door", agent, station, `/agents/${agent}`, open ? "warn" : "ok", open ? "open" : "closed")),
    ...site.cameras.map(({ agent, station }) => at("camera", agent, station, `/agents/${agent}`, "ok", "online")),
    ...site.sensors.map((sensor) => {
      const active = sensor.contacts.some((contact) => contact.active);
      return at("sensor", sensor.agent, sensor.device, "/sensors", active ? "no" : "ok", active ? "active" : "measures", { sensor });
    }),
  ];
}

// Where things without a place of their own stand: cameras above, doors left, sensors right, gates below, zones between.
const EDGES: Record<Exclude<Kind, "zone">, { axis: "x" | "y"; at: number }> = {
  camera: { axis: "x", at: 700 },
  gate: { axis: "x", at: 9300 },
  door: { axis: "y", at: 900 },
  sensor: { axis: "y", at: 9000 },
};
const [LOW, HIGH] = [2200, 7800];

/** `things` where `marks` put them; the others in a row at an edge, zones in a grid in the middle. */
export function laid(things: readonly Thing[], marks: readonly Mark[]): Placed[] {
  const known = new Map(marks.map((mark) => [`${mark.kind} ${mark.name}`, mark]));
  const loose = new Map<Kind, Thing[]>();
  for (const thing of things) {
    if (!known.has(`${thing.kind} ${thing.name}`)) loose.set(thing.kind, [...(loose.get(thing.kind) ?? []), thing]);
  }
  return things.map((thing) => {
    const mark = known.get(`${thing.kind} ${thing.name}`);
    if (mark) return { ...thing, x: mark.x, y: mark.y, fixed: true };
    const row = loose.get(thing.kind)!;
    return { ...thing, ...placeFor(thing.kind, row.indexOf(thing), row.length), fixed: false };
  });
}

function placeFor(kind: Kind, at: number, count: number): { x: number; y: number } {
  const along = (part: number, of: number) => Math.round(LOW + ((HIGH - LOW) * (part + 0.5)) / of);
  if (kind === "zone") {
    const columns = Math.ceil(Math.sqrt(count));
    return { x: along(at % columns, columns), y: along(Math.floor(at / columns), Math.ceil(count / columns)) };
  }
  const { axis, at: across } = EDGES[kind];
  return axis === "x" ? { x: along(at, count), y: across } : { x: across, y: along(at, count) };
}

const within = (part: number) => Math.min(FULL, Math.max(0, Math.round(part)));

/** The marks with the thing `kind` `name` at `x`, `y`, held within the plan. */
export function moved(marks: readonly Mark[], { kind, name }: Pick<Mark, "kind" | "name">, x: number, y: number): Mark[] {
  return [...marks.filter((mark) => mark.kind !== kind || mark.name !== name), { kind, name, x: within(x), y: within(y) }];
}
