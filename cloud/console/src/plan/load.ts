import { call } from "../api/client";
import { devicesOf } from "../sensors/rooms";
import { loadSlots, loadZones } from "../warehouse/places";
import type { Plan, Site } from "./plan";

/** The plan and everything on it, as it is now. Throws Problem. */
export async function loadSite(signal: AbortSignal): Promise<{ plan: Plan; site: Site }> {
  const [plan, zones, slots, gates, doors, watches, sensors, alarms, agents] = await Promise.all([
    call("get", "/api/v1/plan", { signal }),
    loadZones(signal),
    loadSlots(signal),
    call("get", "/api/v1/gates", { signal }),
    call("get", "/api/v1/doors", { signal }),
    call("get", "/api/v1/watches", { signal }),
    call("get", "/api/v1/sensors", { signal }),
    call("get", "/api/v1/alarms", { query: { living: true, limit: 500 }, signal }),
    call("get", "/api/v1/agents", { signal }),
  ]);
  const online = new Map(agents.rows.map((agent) => [agent.id, agent.online]));
  const devices = devicesOf(sensors.values, sensors.contacts);
  return { plan, site: { zones, slots, gates: gates.rows, doors: doors.rows, cameras: watches.rows, sensors: devices, alarms: alarms.rows, online } };
}
