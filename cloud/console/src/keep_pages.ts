/** Keeps the pages on this device (public/sw.js), so that counting goes on after a reload without a network. */
export async function keepPages(): Promise<void> {
  if (!import.meta.env.PROD || navigator.serviceWorker === undefined) return;
  try {
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller === null) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    }
    // What was loaded before it listened is asked for again, which it hears; the browser's own cache answers.
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    for (const name of ["/", ...loaded.filter((each) => each.includes("/assets/"))]) await fetch(name);
  } catch {
    // a browser that does not want to: everything works, but for a reload without a network
  }
}
