export interface Person { id: string; username: string; name: string; site: string; roles: string[] }
export interface Site { id: string; name_zh: string; name_en: string }
export interface Agent { id: string; site: string; online: boolean; seen_at: string | null; next_seq?: number }
export interface Passage {
  site: string; index: number; agent: string; seq: number; station: string; direction: string; outcome: string;
  reason: string | null; rule: string; rule_text: { zh: string; en: string } | null; subject: string | null;
  things: string[]; people: string[]; at: string; taken_at: string; picture: string | null; picture_ready: boolean;
  differs: string | null; crossed_index: number | null; abandoned_index: number | null;
}
export interface Alarm {
  id: number; site: string; cause: string; place: string; severity: string; detail: Record<string, unknown>;
  raised_at: string; last_at: string; occurrences: number; index: number; cleared_at: string | null;
}
export interface Item {
  id: string; case_id: string; case_number: string; name: string; quantity: number; unit: string; state: string;
  package_id: string | null; held: boolean; index: number; label_issue: number | null;
}
export interface Package {
  id: string; case_id: string; case_number: string; seal_number: string; state: string; held: boolean; index: number;
  label_issue: number | null; item_ids: string[];
}
export interface HistoryRow {
  index: number; site: string; type: "fact" | "record"; kind: string; at: string; taken_at: string | null;
  actor: string | null; agent: string | null; seq: number | null; error_ms: number | null;
  clock_source: string | null; content: Record<string, unknown>; picture: string | null;
}
export interface PassageRows { rows: Passage[]; next: number | null }
export interface AlarmRows { rows: Alarm[]; next: number | null }
export interface AgentRows { rows: Agent[] }
export interface HistoryPage { thing: string; rows: HistoryRow[]; next: number | null }
export interface Page<Row> { rows: Row[]; next: string | null }
