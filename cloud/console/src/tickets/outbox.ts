// Reports that are not sent yet, in IndexedDB: written without a signal, there after a reload, sent later once.

export interface Report {
  type: string;
  title: string;
  words: string;
  place: string | null;
  alarm: number | null;
  seen_at: string;
  links?: string[];
  /** The finding of an analysis that it is about. */
  finding?: { key: string; since: string; until: string } | null;
}

/** `key` goes with it however often it is sent: the server takes it once. `refused` is why it never will. */
export interface KeptReport {
  key: string;
  person: string;
  report: Report;
  refused: string | null;
}

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

/** Resolves when it is on the disk. */
export function keep(kept: KeptReport): Promise<void> {
  return write((store) => store.put({ ...kept, report: { ...kept.report } }));
}

/** The server has it, or its writer threw it away. */
export function drop(key: string): Promise<void> {
  return write((store) => store.delete(key));
}

/** What `person` wrote on this device and the server has not. */
export async function keptBy(person: string): Promise<KeptReport[]> {
  const asked = (await open()).transaction("reports").objectStore("reports").getAll();
  const all = await new Promise<KeptReport[]>((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result as KeptReport[]);
    asked.onerror = () => reject(asked.error);
  });
  return all.filter((each) => each.person === person);
}
