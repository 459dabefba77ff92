import { createRouter, createWebHistory } from "vue-router";

import { unauthorized } from "./api/client";
import { i18n } from "./i18n";
import { forget, recall, unreachable } from "./session";

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
  routes: [
    { path: "/", redirect: "/live" },
    { path: "/sign-in", component: () => import("./pages/SignIn.vue"), meta: { title: "signIn.title", open: true } },
    { path: "/live", component: () => import("./pages/Live.vue"), meta: { title: "nav.live" } },
    { path: "/items", component: () => import("./pages/Items.vue"), meta: { title: "nav.items" } },
    { path: "/warehouse", component: () => import("./pages/Warehouse.vue"), meta: { title: "map.title" } },
    { path: "/locate", component: () => import("./pages/Locate.vue"), meta: { title: "locate.title" } },
    { path: "/stock-takes", component: () => import("./pages/StockTakes.vue"), meta: { title: "stockTake.title" } },
    { path: "/stock-takes/:id(.+)", component: () => import("./pages/StockTake.vue"), props: true, meta: { title: "stockTake.title", offline: true } },
    { path: "/labels", component: () => import("./pages/Labels.vue"), meta: { title: "labelSheet.title" } },
    { path: "/import", component: () => import("./pages/Import.vue"), meta: { title: "importing.title" } },
    { path: "/rules", component: () => import("./pages/Rules.vue"), meta: { title: "rules.title" } },
    { path: "/history/:id(.+)", component: () => import("./pages/History.vue"), props: true, meta: { title: "nav.history" } },
    { path: "/:any(.*)*", component: () => import("./pages/NotFound.vue"), meta: { title: "notFound.title", open: true } },
  ],
});

// Nobody signed in: the way leads through the sign-in page and back. Where the server does not answer, App says so.
router.beforeEach(async (to) => {
  if (to.meta.open || (await recall()) !== null || unreachable.value) return true;
  return { path: "/sign-in", query: { to: to.fullPath } };
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
