// Reminders for me: how many want reading, for the bell in the header, and where each leads.
import { readonly, ref } from "vue";

import { call } from "../api/client";
import type { components } from "../api/schema";
import { latest } from "../turns";

type Schemas = components["schemas"];
export type Reminder = Schemas["ReminderShown"];
export type Notifying = Schemas["Notifying"];
export type ChannelShown = Schemas["ChannelShown"];
export type ChannelKind = ChannelShown["kind"];
export type NoticeShown = Schemas["NoticeShown"];

const EVERY_MS = 30_000;
const count = ref(0);
const question = latest();

/** How many want reading. */
export const unread = readonly(count);

/** What the server said of it in passing. */
export function setUnread(many: number): void {
  question();
  count.value = many;
}

async function ask(): Promise<void> {
  const stands = question();
  try {
    const { unread: many } = await call("get", "/api/v1/reminders/unread", {});
    if (stands()) count.value = many;
  } catch {
    // the bell shows what was known; the page says what is wrong
  }
}

/** Keeps the count up to date until the returned function is called. */
export function keepUnread(): () => void {
  const look = () => void (document.visibilityState === "visible" && ask());
  const timer = setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
  void ask();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    count.value = 0;
  };
}

/** I have read these. */
export async function markRead(ids: number[]): Promise<void> {
  setUnread((await call("post", "/api/v1/reminders/read", { body: { ids } })).unread);
}

const PAGES: Record<Reminder["subject"], string> = {
  case_clock: "cases",
  loan: "history",
  handover: "acts",
  approval: "acts",
  stock_take: "stock-takes",
  certificate: "agents",
  calibration: "agents",
  ticket: "tickets",
  rectification: "tickets",
  exception_review: "supervision",
  alarm_answer: "alarms",
  disk: "agents",
  paper: "agents",
};

/** Where what it is about is shown. */
export function wayOf({ subject, about }: Reminder): string {
  const page = `/${PAGES[subject]}`;
  if (subject === "stock_take") return page; // a zone has no page of its own
  if (subject === "alarm_answer") return `${page}?list=unanswered`;
  return `${page}/${PAGES[subject] === "tickets" ? about.slice(about.lastIndexOf("-") + 1) : about}`;
}

/** What people call it, where they do; else the end of its id. */
export function calledOf({ subject, about, label }: Reminder): string {
  const id = about.slice(about.indexOf("/") + 1);
  const says = label !== null && (subject === "case_clock" || subject === "stock_take");
  return says ? label : (subject === "calibration" || subject === "paper") && label !== null ? `${id} · ${label}` : id;
}
