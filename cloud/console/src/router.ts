import { createRouter, createWebHistory } from "vue-router";

import { i18n } from "./i18n";
import { recall } from "./session";

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
  routes: [
    { path: "/", redirect: "/live" },
    { path: "/sign-in", component: () => import("./pages/SignIn.vue"), meta: { title: "signIn.title", open: true } },
    { path: "/live", component: () => import("./pages/Live.vue"), meta: { title: "nav.live" } },
    { path: "/items", component: () => import("./pages/Items.vue"), meta: { title: "nav.items" } },
    { path: "/history/:id(.+)", component: () => import("./pages/History.vue"), props: true, meta: { title: "nav.history" } },
    { path: "/:any(.*)*", component: () => import("./pages/NotFound.vue"), meta: { title: "notFound.title", open: true } },
  ],
});

// Nobody signed in: the way leads through the sign-in page and back. Where the server does not answer, the page itself
// says so better than a sign-in page that is not needed.
router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  const somebody = await recall().catch(() => undefined);
  return somebody === null ? { path: "/sign-in", query: { to: to.fullPath } } : true;
});

router.afterEach((to) => {
  nameDocument(to.meta.title as string);
});

/** The document's title, in the language spoken now. */
export function nameDocument(title = router.currentRoute.value.meta.title as string | undefined): void {
  document.title = title ? `${i18n.global.t(title)} · Sealtrail` : "Sealtrail";
}
