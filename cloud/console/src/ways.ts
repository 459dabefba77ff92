const PAGE_OF: Record<string, string> = { "C-": "cases", "T-": "stock-takes", "L-": "permits", "X-": "supervision", "A-": "acts", "U-": "people" };

/** Where a thing of this id is shown: cases, people, acts, stock-takes, permits and openings by break-glass on pages of their own, all others by their history. */
export function wayTo(id: string): string {
  const letter = id.slice(id.indexOf("/") + 1, id.indexOf("/") + 3);
  return `/${PAGE_OF[letter] ?? "history"}/${id}`;
}
