/**
 * Keeps the pages on this device (public/sw.js), so that counting goes on after a reload without a network.
 *
 * The worker is told what to keep: what was loaded before it listened it has not heard, and a browser may not hand it
 * a page that is open already before the next load. The browser's own cache answers when it asks again.
 */
export async function keepPages(): Promise<void> {
  if (!import.meta.env.PROD || navigator.serviceWorker === undefined) return;
  try {
    await navigator.serviceWorker.register("/sw.js");
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage(["/"]);
    new PerformanceObserver((list) => {
      const loaded = list.getEntries().map((entry) => entry.name);
      active?.postMessage(loaded.filter((each) => each.startsWith(`${location.origin}/assets/`)));
    }).observe({ type: "resource", buffered: true });
  } catch {
    // a browser that does not want to: everything works, but for a reload without a network
  }
}
