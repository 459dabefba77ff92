import { call } from "../api/client";

/**
 * The newest entry about any of `things`, each with the newest entry that is told of it (`index`). Entries that do not
 * move a thing, such as an act that was declined, count too: with this in If-Match only what is newer is a conflict.
 */
export async function newestEntry(things: readonly { id: string; index: number }[]): Promise<number> {
  const newest = await Promise.all(
    things.map(async ({ id, index }) => {
      const tail = await call("get", "/api/v1/history/{id}", { path: { id }, query: { after: index - 1, limit: 500 } });
      return Math.max(index, tail.rows.at(-1)?.index ?? index);
    }),
  );
  return Math.max(...newest);
}
