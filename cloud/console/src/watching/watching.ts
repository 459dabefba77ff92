import { call } from "../api/client";
import { OFFLINE, Problem, problemIn } from "../api/problem";
import type { components } from "../api/schema";

type View = components["schemas"]["View"];

/** A camera by the agent it is at and the station it looks at. */
export interface Camera {
  agent: string;
  station: string;
}

/** The cameras that can be looked through: at gates and doors, and those that only watch. Throws Problem. */
export async function cameras(signal: AbortSignal): Promise<Camera[]> {
  const [gates, doors, watches] = await Promise.all([
    call("get", "/api/v1/gates", { signal }),
    call("get", "/api/v1/doors", { signal }),
    call("get", "/api/v1/watches", { signal }),
  ]);
  const all = [...gates.rows, ...doors.rows, ...watches.rows].map(({ agent, station }) => ({ agent, station }));
  return [...new Map(all.map((one) => [`${one.agent} ${one.station}`, one])).values()];
}

/** A look that is going on; `over` is called once when it ends by itself. */
export interface Looking {
  view: View;
  end: () => void;
}

const GATHER_MS = 2000;
const GONE: readonly RTCPeerConnectionState[] = ["failed", "closed", "disconnected"];

/** Looks through `camera` because of `reason`: the picture is given to `show` as soon as it comes. Throws Problem. */
export async function look(camera: Camera, reason: string, show: (stream: MediaStream) => void, over: () => void): Promise<Looking> {
  const view = await call("post", "/api/v1/live-views", { body: { ...camera, reason } });
  const connection = new RTCPeerConnection({
    iceServers: view.ice.map(({ urls, username, credential }) => ({ urls, username: username ?? undefined, credential: credential ?? undefined })),
  });
  const where = `/api/v1/live-views/whep/${view.id}`;
  const end = (): void => {
    connection.close();
    void fetch(where, { method: "DELETE", headers: { "X-Sealtrail": "1" }, keepalive: true }).catch(() => undefined);
  };
  connection.ontrack = ({ track }) => show(new MediaStream([track]));
  connection.onconnectionstatechange = () => GONE.includes(connection.connectionState) && over();
  try {
    connection.addTransceiver("video", { direction: "recvonly" });
    await connection.setLocalDescription();
    await gathered(connection);
    await connection.setRemoteDescription({ type: "answer", sdp: await whep(where, connection.localDescription?.sdp ?? "") });
  } catch (error) {
    end();
    throw error;
  }
  return { view, end };
}

async function whep(where: string, offer: string): Promise<string> {
  const headers = { "Content-Type": "application/sdp", "X-Sealtrail": "1" };
  const answer = await fetch(where, { method: "POST", headers, body: offer }).catch(() => {
    throw new Problem(0, OFFLINE);
  });
  if (!answer.ok) throw await problemIn(answer);
  return answer.text();
}

/** When all its addresses are known, or soon. */
function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((done) => {
    const ready = () => connection.iceGatheringState === "complete" && done();
    connection.onicegatheringstatechange = ready;
    setTimeout(done, GATHER_MS);
    ready();
  });
}
