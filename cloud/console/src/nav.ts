import { SUPERVISORS } from "./supervision/supervision";

/** A page that the header leads to; one `for` some roles leads only those there. */
export interface NavPage {
  to: string;
  title: string;
  for?: readonly string[];
}

// In their order. What does not fit stands under “More”.
export const PAGES: readonly NavPage[] = [
  { to: "/tasks", title: "nav.tasks" },
  { to: "/live", title: "nav.live" },
  { to: "/alarms", title: "alarm.title" },
  { to: "/sites", title: "sites.title" },
  { to: "/tickets", title: "ticket.title" },
  { to: "/supervision", title: "supervision.nav", for: SUPERVISORS },
  { to: "/analysis", title: "analysis.title", for: ["supervisor", "leader", "auditor"] },
  { to: "/items", title: "nav.items" },
  { to: "/cases", title: "nav.cases" },
  { to: "/permits", title: "permit.nav" },
  { to: "/warehouse", title: "map.nav" },
  { to: "/site", title: "plan.nav" },
  { to: "/sensors", title: "sensors.nav" },
  { to: "/locate", title: "locate.nav" },
  { to: "/stock-takes", title: "stockTake.nav" },
  { to: "/labels", title: "labelSheet.nav" },
  { to: "/import", title: "importing.nav", for: ["inspector", "case_handler"] },
  { to: "/agents", title: "agent.nav" },
  { to: "/people", title: "people.nav", for: ["admin", "leader", "supervisor", "auditor"] },
  { to: "/webhooks", title: "webhook.nav", for: ["admin"] },
  { to: "/ledger", title: "ledger.nav" },
  { to: "/rules", title: "rules.nav" },
];

/** The pages for somebody with `roles`. */
export function pagesFor(roles: readonly string[]): NavPage[] {
  return PAGES.filter((page) => page.for?.some((role) => roles.includes(role)) ?? true);
}
