/** Where a thing of this id is shown: a case, an act and a stock-take on pages of their own, all others by their history. */
export function wayTo(id: string): string {
  const letter = id.slice(id.indexOf("/") + 1, id.indexOf("/") + 3);
  if (letter === "C-") return `/cases/${id}`;
  if (letter === "T-") return `/stock-takes/${id}`;
  return letter === "A-" ? `/acts/${id}` : `/history/${id}`;
}
