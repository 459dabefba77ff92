// The pages that the header leads to, in their order. What does not fit stands under “More”.
export const PAGES = [
  { to: "/tasks", title: "nav.tasks" },
  { to: "/live", title: "nav.live" },
  { to: "/items", title: "nav.items" },
  { to: "/cases", title: "nav.cases" },
  { to: "/warehouse", title: "map.nav" },
  { to: "/locate", title: "locate.nav" },
  { to: "/stock-takes", title: "stockTake.nav" },
  { to: "/labels", title: "labelSheet.nav" },
  { to: "/import", title: "importing.nav" },
  { to: "/rules", title: "rules.nav" },
] as const;
