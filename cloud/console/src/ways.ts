const PAGE_OF: Record<string, string> = { "C-": "cases", "T-": "stock-takes", "L-": "permits", "X-": "supervision", "A-": "acts", "U-": "people" };

/**
 * Where a thing of this id is shown: cases, people, acts, stock-takes, permits and openings by break-glass on pages of
 * their own, print jobs (by their orders) among them, all others by their history. Tickets and alarms are called after the entry that began them, by its number.
 */
export function wayTo(id: string): string {
  const [, site, letter, number] = /^([^/]+)\/([TA])-(\d{1,9})$/.exec(id) ?? [];
  if (letter === "T") return `/tickets/${number}?site=${site}`;
  if (letter === "A") return `/ledger/${site}/${number}`;
  if (/^[^/]+\/O-/.test(id)) return `/labels?job=${id}`;
  const kind = id.slice(id.indexOf("/") + 1, id.indexOf("/") + 3);
  return `/${PAGE_OF[kind] ?? "history"}/${id}`;
}
