// Lists of slots that are lit together: starting one, and following how far each is.
import { onUnmounted, shallowRef } from "vue";

import { call } from "../api/client";
import type { components } from "../api/schema";
import { latest } from "../turns";

type Schemas = components["schemas"];

export type LitList = Schemas["ListShown"];
export type NewList = Partial<Schemas["NewList"]>;

const EVERY_MS = 2_000;
const AGAIN_MS = 15_000; // while nothing is lit
const REMEMBERED_MS = 10 * 60_000;

const rows = shallowRef<LitList[]>([]);
const question = latest();

export async function startList(asked: NewList): Promise<LitList> {
  const list = await call("post", "/api/v1/lists", { body: asked as Schemas["NewList"] });
  question();
  rows.value = [list, ...rows.value];
  return list;
}

export async function stopList(list: LitList): Promise<void> {
  await call("post", "/api/v1/lists/stop", { body: { list_id: list.id } });
  await look();
}

/** Whether a list is worth a place on the page: it is lit, or its time is not long over. */
function shown(list: LitList): boolean {
  return list.state === "lit" || new Date(list.until).getTime() + REMEMBERED_MS > Date.now();
}

async function look(signal?: AbortSignal): Promise<void> {
  const stands = question();
  const found = (await call("get", "/api/v1/lists", { query: { limit: 20 }, signal })).rows.filter(shown);
  if (stands()) rows.value = found;
}

/** The lists of the site as they are now; asked often while one is lit. What fails is asked again. */
export function useLists() {
  const asking = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function follow(): Promise<void> {
    if (document.visibilityState === "visible") await look(asking.signal).catch(() => undefined);
    if (!asking.signal.aborted) timer = setTimeout(() => void follow(), rows.value.some((list) => list.state === "lit") ? EVERY_MS : AGAIN_MS);
  }

  onUnmounted(() => {
    asking.abort();
    clearTimeout(timer);
  });
  void follow();
  return { lists: rows };
}
