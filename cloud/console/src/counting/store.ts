// Scans and stock-takes on this phone, in IndexedDB: there when the network is not, and after a reload.
import type { KeptScan } from "./queue";

const NAME = "sealtrail.counting";
const VERSION = 1;

/** A stock-take as it was last seen, with where to count; for somebody, because what is shown differs. */
export interface KeptTake<Take, Places> {
  id: string;
  person: string;
  take: Take;
  places: Places;
}

let opening: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("scans", { keyPath: "key" }).createIndex("of", ["take", "person"]);
      asked.result.createObjectStore("takes", { keyPath: ["id", "person"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opening;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Keeps `scans`, new or changed; resolves when they are on the disk. */
export async function keepScans(scans: readonly KeptScan[]): Promise<void> {
  const writing = (await open()).transaction("scans", "readwrite", { durability: "strict" });
  for (const scan of scans) writing.objectStore("scans").put({ ...scan });
  await new Promise<void>((resolve, reject) => {
    writing.oncomplete = () => resolve();
    writing.onabort = () => reject(writing.error);
  });
}

/** All scans that `person` made for `take` on this phone, or fetched from another. */
export async function scansOf(take: string, person: string): Promise<KeptScan[]> {
  return done((await open()).transaction("scans").objectStore("scans").index("of").getAll([take, person]));
}

export async function keepTake<Take, Places>(kept: KeptTake<Take, Places>): Promise<void> {
  await done((await open()).transaction("takes", "readwrite").objectStore("takes").put(kept));
}

export async function takeKept<Take, Places>(id: string, person: string): Promise<KeptTake<Take, Places> | null> {
  return (await done((await open()).transaction("takes").objectStore("takes").get([id, person]))) ?? null;
}
