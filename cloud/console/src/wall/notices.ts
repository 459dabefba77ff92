// Desktop notices of alarms: asked for by a click, shown also while another window is in front. The service worker shows
// them (public/sw.js): phones have no other way, and a click then finds the window that is open.
import { ref } from "vue";

const supported = "Notification" in globalThis && navigator.serviceWorker !== undefined;

/** What the browser allows: "default" is not asked yet, "denied" also where there are none. */
export const permission = ref<NotificationPermission>(supported ? Notification.permission : "denied");

/** Asks the person; to be called by a click. */
export async function askForNotices(): Promise<void> {
  if (supported) permission.value = await Notification.requestPermission();
}

/** Shows a notice, where it is allowed; one with the same `tag` takes its place. It leads `to` a page of the console. */
export async function notify(title: string, body: string, tag: string, stays: boolean, to: string): Promise<void> {
  if (permission.value !== "granted") return;
  const worker = await navigator.serviceWorker.ready;
  await worker.showNotification(title, { body, tag, requireInteraction: stays, icon: "/mark.svg", data: { to } });
}

/** Calls `open` when a notice was clicked; answers with what ends it. */
export function onNotice(open: (to: string) => void): () => void {
  const listen = ({ data }: MessageEvent): void => {
    const to = (data as { to?: unknown } | null)?.to;
    if (typeof to === "string") open(to);
  };
  if (supported) navigator.serviceWorker.addEventListener("message", listen);
  return () => supported && navigator.serviceWorker.removeEventListener("message", listen);
}
