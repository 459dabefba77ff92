import { createRouter, createWebHistory } from "vue-router";

import { unauthorized } from "./api/client";
import { i18n } from "./i18n";
import { forget, recall, unreachable } from "./session";

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, _from, kept) => kept ?? (to.hash ? false : { top: 0 }), // a page looks after its own anchors
  routes: [
    { path: "/", redirect: "/home" }, // where somebody begins: with what they are here for, by their roles
    { path: "/home", component: () => import("./pages/Home.vue"), meta: { title: "home.title" } },
    { path: "/sign-in", component: () => import("./pages/SignIn.vue"), meta: { title: "signIn.title", open: true } },
    { path: "/live", component: () => import("./pages/Live.vue"), meta: { title: "nav.live" } },
    { path: "/items", component: () => import("./pages/Items.vue"), meta: { title: "nav.items" } },
    { path: "/search", component: () => import("./pages/Search.vue"), meta: { title: "finding.title" } },
    { path: "/tasks", component: () => import("./pages/Tasks.vue"), meta: { title: "nav.tasks" } },
    { path: "/acts/:id(.+)", component: () => import("./pages/Act.vue"), props: true, meta: { title: "nav.act" } },
    { path: "/cases", component: () => import("./pages/Cases.vue"), meta: { title: "nav.cases" } },
    { path: "/cases/:id(.+)", component: () => import("./pages/Case.vue"), props: true, meta: { title: "nav.cases" } },
    { path: "/permits", component: () => import("./pages/Permits.vue"), meta: { title: "permit.title" } },
    { path: "/permits/:id(.+)", component: () => import("./pages/Permit.vue"), props: true, meta: { title: "kind.permit" } },
    { path: "/supervision", component: () => import("./pages/Supervision.vue"), meta: { title: "supervision.title" } },
    { path: "/supervision/:id(.+)", component: () => import("./pages/Opening.vue"), props: true, meta: { title: "supervision.title" } },
    { path: "/me", component: () => import("./pages/Me.vue"), meta: { title: "nav.me" } },
    { path: "/password", component: () => import("./pages/Password.vue"), meta: { title: "password.title" } },
    { path: "/people", component: () => import("./pages/People.vue"), meta: { title: "people.title" } },
    { path: "/people/:id(.+)", component: () => import("./pages/Person.vue"), props: true, meta: { title: "people.person" } },
    { path: "/pass", component: () => import("./pages/Pass.vue"), meta: { title: "nav.pass" } },
    { path: "/warehouse", component: () => import("./pages/Warehouse.vue"), meta: { title: "map.title" } },
    { path: "/site", component: () => import("./pages/Site.vue"), meta: { title: "plan.title" } },
    { path: "/alarms", component: () => import("./pages/Alarms.vue"), meta: { title: "alarm.title" } },
    { path: "/wall", component: () => import("./pages/Wall.vue"), meta: { title: "wall.title", bare: true } },
    { path: "/alarms/:id(\\d+)", component: () => import("./pages/Alarm.vue"), props: true, meta: { title: "alarm.title" } },
    { path: "/sites", component: () => import("./pages/Sites.vue"), meta: { title: "sites.title" } },
    { path: "/tickets", component: () => import("./pages/Tickets.vue"), meta: { title: "ticket.title", offline: true } },
    { path: "/tickets/:id(\\d+)", component: () => import("./pages/Ticket.vue"), props: true, meta: { title: "ticket.title" } },
    { path: "/reminders", component: () => import("./pages/Reminders.vue"), meta: { title: "reminder.title" } },
    { path: "/reminders/settings", component: () => import("./pages/Notifying.vue"), meta: { title: "notifying.title" } },
    { path: "/agents", component: () => import("./pages/Agents.vue"), meta: { title: "agent.title" } },
    { path: "/updates", component: () => import("./pages/Updates.vue"), meta: { title: "updates.title" } },
    { path: "/webhooks", component: () => import("./pages/Webhooks.vue"), meta: { title: "webhook.title" } },
    { path: "/webhooks/:name(W-[A-Z2-7]{10})", component: () => import("./pages/Webhook.vue"), props: true, meta: { title: "webhook.title" } },
    { path: "/agents/:id", component: () => import("./pages/Agent.vue"), props: true, meta: { title: "agent.title" } },
    { path: "/warehouse/conformity", component: () => import("./pages/Conformity.vue"), meta: { title: "conformity.title" } },
    { path: "/sensors", component: () => import("./pages/Sensors.vue"), meta: { title: "sensors.title" } },
    { path: "/telemetry", component: () => import("./pages/Telemetry.vue"), meta: { title: "telemetry.title" } },
    { path: "/analysis", component: () => import("./pages/Analysis.vue"), meta: { title: "analysis.title" } },
    { path: "/locate", component: () => import("./pages/Locate.vue"), meta: { title: "locate.title" } },
    { path: "/stock-takes", component: () => import("./pages/StockTakes.vue"), meta: { title: "stockTake.title" } },
    { path: "/stock-takes/:id(.+)", component: () => import("./pages/StockTake.vue"), props: true, meta: { title: "stockTake.title", offline: true } },
    { path: "/labels", component: () => import("./pages/Labels.vue"), meta: { title: "labelSheet.title" } },
    { path: "/import", component: () => import("./pages/Import.vue"), meta: { title: "importing.title" } },
    { path: "/ledger/:id([a-z0-9-]+)?", component: () => import("./pages/Ledger.vue"), props: true, meta: { title: "ledger.title" } },
    { path: "/ledger/:site([a-z0-9-]+)/:id(\\d{1,15})", component: () => import("./pages/LedgerEntry.vue"), props: true, meta: { title: "ledger.title" } },
    { path: "/rules", component: () => import("./pages/Rules.vue"), meta: { title: "rules.title" } },
    { path: "/history/:id(.+)", component: () => import("./pages/History.vue"), props: true, meta: { title: "nav.history" } },
    { path: "/:any(.*)*", component: () => import("./pages/NotFound.vue"), meta: { title: "notFound.title", open: true } },
  ],
});

// Nobody signed in: the way leads through the sign-in page and back. Where the server does not answer, App says so.
router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  const someone = await recall();
  if (someone === null && !unreachable.value) return { path: "/sign-in", query: { to: to.fullPath } };
  // With a password that somebody else set, their own comes first: the server does nothing else for them.
  return someone?.password_due && to.path !== "/password" ? { path: "/password", query: { to: to.fullPath } } : true;
});

/** The session ended while somebody worked: through the sign-in page back to where they were. */
export function sessionEnded(): void {
  if (router.currentRoute.value.meta.open) return;
  forget();
  void router.replace({ path: "/sign-in", query: { to: router.currentRoute.value.fullPath, ended: "1" } });
}

unauthorized.addEventListener("answer", sessionEnded);

router.afterEach((to) => {
  nameDocument(to.meta.title as string);
});

/** The document's title, in the language spoken now. */
export function nameDocument(title = router.currentRoute.value.meta.title as string | undefined): void {
  document.title = title ? `${i18n.global.t(title)} · Sealtrail` : "Sealtrail";
}
