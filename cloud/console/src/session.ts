import { readonly, ref, watch } from "vue";

import { call } from "./api/client";
import { Problem } from "./api/problem";
import type { Person } from "./api/types";
import { lostSince } from "./reach";

const LAST = "sealtrail.person";
const me = ref<Person | null>(null);
let asked = false;

/** The server did not answer when asked who is signed in: there is nothing to show yet. */
export const unreachable = ref(false);

/** Who is signed in; null for nobody. */
export const person = readonly(me);

/** Asks the server once who is signed in (the cookie is not for scripts); null for nobody, and when unreachable. */
export async function recall(): Promise<Person | null> {
  if (asked) return me.value;
  try {
    know(await whoAmI());
  } catch {
    unreachable.value = true;
    me.value = JSON.parse(localStorage.getItem(LAST) ?? "null") as Person | null; // for what works without a network
    return me.value;
  }
  unreachable.value = false;
  asked = true;
  return me.value;
}

function know(someone: Person | null): void {
  me.value = someone;
  if (someone === null) localStorage.removeItem(LAST);
  else localStorage.setItem(LAST, JSON.stringify(someone));
}

watch(lostSince, (lost) => lost === null && unreachable.value && void recall());

/** Who the cookie says we are; null when it says nothing. Throws Problem when there was no answer. */
export async function whoAmI(): Promise<Person | null> {
  try {
    return await call("get", "/api/v1/session", {});
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** Asks the server once more who is signed in. Throws Problem when there was no answer. */
export async function recallAnew(): Promise<void> {
  know(await whoAmI());
}

/** Where the way led before signing in; never to another site. */
export function ownAddress(to: unknown): string {
  return typeof to === "string" && /^\/(?![/\\])/.test(to) ? to : "/";
}

export async function signIn(username: string, password: string): Promise<void> {
  know((await call("post", "/api/v1/session", { body: { username, password } })).person);
  asked = true;
}

export async function signOut(): Promise<void> {
  await call("delete", "/api/v1/session", {});
  forget();
}

/** The session is over, whoever ended it. */
export function forget(): void {
  know(null);
}
