// The rule packs as the server tells them, each asked for once: a pack never changes, only which one is in force does.

import { computed, shallowRef } from "vue";

import { call } from "../api/client";
import { person } from "../session";
import { type Content, may } from "./rules";

export interface Book {
  hash: string;
  name: string;
  version: string;
  content: Content;
}

const books = new Map<string, Promise<Book>>();
const current = shallowRef<Book | null>(null);
let asking: Promise<Book> | null = null;

/** The rules in force at my site; null until they are known. */
export const inForce = computed(() => current.value);

/** Asks for the rules in force. Throws Problem. */
export async function loadInForce(): Promise<Book> {
  asking ??= call("get", "/api/v1/rules", {})
    .then((rules) => (current.value = rules.in_force as Book))
    .finally(() => (asking = null));
  const book = await asking;
  books.set(book.hash, Promise.resolve(book));
  return book;
}

/** The pack named by `hash`. Throws Problem. */
export function bookOf(hash: string): Promise<Book> {
  let book = books.get(hash);
  if (book === undefined) {
    book = call("get", "/api/v1/rules/{pack_hash}", { path: { pack_hash: hash } }) as Promise<Book>;
    books.set(hash, book);
    book.catch(() => books.delete(hash));
  }
  return book;
}

/** Whether I have the right `name` under the rules in force; false until they are known. */
export function mayI(name: string): boolean {
  if (current.value === null) void loadInForce().catch(() => undefined);
  return may(current.value?.content ?? null, name, person.value?.roles ?? []);
}
