// Reports that are not sent yet, in IndexedDB: written without a signal, there after a reload, sent later once.

export interface Report {
  type: string;
  title: string;
  words: string;
  place: string | null;
  alarm: number | null;
  seen_at: string;
  links: string[];
  assigned_to: string | null;
  /** Another site that shall look into it. */
  site: string | null;
  page: string | null;
  version: string | null;
  /** The finding of an analysis that it is about. */
  finding: { key: string; since: string; until: string } | null;
}

/**
 * `key` goes with it however often it is sent: the server takes it once. `refused` is why it never will. Of `photos`,
 * JPEGs, the first `digests.length` are on the server already.
 */
export interface KeptReport {
  key: string;
  person: string;
  report: Report;
  refused: string | null;
  photos: Blob[];
  digests: string[];
}

/** As many photographs, of so many bytes together, as a phone keeps for one report. */
export const MOST_PHOTOS = 8;
export const MOST_BYTES = 16 * 1024 * 1024;

let opening: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("sealtrail.reports", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("reports", { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opening;
}

async function write(change: (store: IDBObjectStore) => void): Promise<void> {
  const writing = (await open()).transaction("reports", "readwrite", { durability: "strict" });
  change(writing.objectStore("reports"));
  await new Promise<void>((resolve, reject) => {
    writing.oncomplete = () => resolve();
    writing.onabort = () => reject(writing.error);
  });
}

/** Resolves when it is on the disk. Rejects where the device has no room for it. */
export function keep(kept: KeptReport): Promise<void> {
  const { report } = kept;
  return write((store) => store.put({ ...kept, report: { ...report, links: [...report.links] }, photos: [...kept.photos], digests: [...kept.digests] }));
}

/** The server has it, or its writer threw it away. */
export function drop(key: string): Promise<void> {
  return write((store) => store.delete(key));
}

/** What `person` wrote on this device and the server has not; also what an older page wrote, which knew less. */
export async function keptBy(person: string): Promise<KeptReport[]> {
  const asked = (await open()).transaction("reports").objectStore("reports").getAll();
  const all = await new Promise<KeptReport[]>((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result as KeptReport[]);
    asked.onerror = () => reject(asked.error);
  });
  return all.filter((each) => each.person === person).map(whole);
}

function whole(kept: Partial<KeptReport> & Pick<KeptReport, "key" | "person" | "report" | "refused">): KeptReport {
  const none = { links: [], assigned_to: null, site: null, page: null, version: null, finding: null };
  return { photos: [], digests: [], ...kept, report: { ...none, ...kept.report } };
}
