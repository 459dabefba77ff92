// Keeps the console's own files, so that a page can be opened again where there is no network. Nothing of the API is
// kept here: what must outlive a reload is in IndexedDB. Files under /assets/ carry their hash and never change.
const KEPT = "sealtrail-pages-1";
const PAGE = "/";

async function asset(request) {
  const cache = await caches.open(KEPT);
  const known = await cache.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

// The page is always the server's newest; the kept one only where no answer comes. Assets of older pages go with it.
async function page(request) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.headers.get("content-type")?.includes("html")) await renew(cache, answer.clone());
    return answer;
  } catch (error) {
    const known = await cache.match(PAGE);
    if (known) return known;
    throw error;
  }
}

async function renew(cache, answer) {
  const before = await cache.match(PAGE);
  const text = await answer.clone().text();
  if (before && (await before.text()) !== text) {
    for (const request of await cache.keys()) await cache.delete(request);
  }
  await cache.put(PAGE, answer);
}

// What a page has loaded without us.
async function keep(paths) {
  for (const path of paths) await (path === PAGE ? page(path) : asset(path));
}

self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || pathname.startsWith("/api/")) return;
  if (request.mode === "navigate" || pathname === "/") event.respondWith(page(request));
  else if (pathname.startsWith("/assets/") || pathname === "/mark.svg") event.respondWith(asset(request));
});

// A desktop notice was clicked: the window that is there already shows what it is about, else a new one.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(new URL(event.notification.data?.to ?? "/", self.location.origin)));
});

async function show(address) {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!open) return self.clients.openWindow(address);
  await open.focus();
  return open.postMessage({ to: address.pathname });
}
