/** Where a thing of this id is shown: a case and an act on pages of their own, all others by their history. */
export function wayTo(id: string): string {
  const letter = id.slice(id.indexOf("/") + 1, id.indexOf("/") + 3);
  if (letter === "C-") return `/cases/${id}`;
  return letter === "A-" ? `/acts/${id}` : `/history/${id}`;
}
