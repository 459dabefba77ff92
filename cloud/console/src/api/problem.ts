import type { Composer } from "vue-i18n";

/** Who was first with a thing: what they did or ask for (an act or a kind of entry), and when. */
export interface Ahead {
  who: string;
  what: string;
  at: string;
}

/** What the server (or the way to it) answered instead of what was asked for: problem+json, RFC 9457. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string | null = null,
    readonly reason: string | null = null,
    readonly rule: string | null = null,
    readonly subject: string | null = null,
    readonly ruleText: { zh: string; en: string } | null = null,
    readonly ahead: Ahead | null = null,
  ) {
    super(`${status} ${code}`);
  }
}

/** No answer came at all. */
export const OFFLINE = "offline";

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The problem in an answer that is none of ours as well: a proxy's page of HTML is `status_502`. */
export async function problemIn(answer: Response): Promise<Problem> {
  let body: unknown = null;
  if (answer.headers.get("content-type")?.includes("json")) body = await answer.json().catch(() => null);
  const members = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return new Problem(
    answer.status,
    text(members.code) ?? `status_${answer.status}`,
    text(members.detail),
    text(members.reason),
    text(members.rule),
    text(members.subject),
    (members.rule_text as Problem["ruleText"] | undefined) ?? null,
    (members.ahead as Ahead | undefined) ?? null,
  );
}

/** What to tell the person: by reason, else by code, else by kind of status; never a bare number. */
export function tell(error: unknown, { t, te }: Pick<Composer, "t" | "te">): string {
  if (!(error instanceof Problem)) return t("problem.unexpected");
  if (error.reason && te(`reason.${error.reason}`)) return t(`reason.${error.reason}`);
  if (te(`problem.${error.code}`)) return t(`problem.${error.code}`);
  return t(error.status >= 500 ? "problem.server" : "problem.request", { code: error.code });
}
