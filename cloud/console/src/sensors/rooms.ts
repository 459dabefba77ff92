import type { SensorContact, SensorValue } from "../api/types";

/** One device with all that it measures and all its contacts. */
export interface SensorDevice {
  agent: string;
  device: string;
  values: SensorValue[];
  contacts: SensorContact[];
}

/** The devices of a site, those that something is wrong with first, then by name. */
export function devicesOf(values: readonly SensorValue[], contacts: readonly SensorContact[]): SensorDevice[] {
  const found = new Map<string, SensorDevice>();
  const of = (one: { agent: string; device: string }) => {
    const key = `${one.agent} ${one.device}`;
    const known = found.get(key) ?? { agent: one.agent, device: one.device, values: [], contacts: [] };
    found.set(key, known);
    return known;
  };
  for (const value of values) of(value).values.push(value);
  for (const contact of contacts) of(contact).contacts.push(contact);
  const active = (device: SensorDevice) => Number(device.contacts.some((contact) => contact.active));
  return [...found.entries()].sort(([one, a], [other, b]) => active(b) - active(a) || one.localeCompare(other)).map(([, device]) => device);
}

/** A value as it is written: at most one digit behind the point. */
export function written(value: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 1, signDisplay: "negative" }).format(value);
}
