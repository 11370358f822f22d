// Names for what the API answers.
import type { components } from "@tidings/client";

export type Schemas = components["schemas"];
export type AdminUser = Schemas["AdminUser"];
export type AdminUserDetails = Schemas["AdminUserDetails"];
export type AuditedConversation = Schemas["AuditedConversation"];
export type AuditEntry = Schemas["AuditEntry"];
export type Case = Schemas["Case"];
export type CaseAct = Schemas["CaseAct"];
export type CaseDetail = Schemas["CaseDetail"];
export type CaseTarget = Schemas["CaseTarget"];
export type ConversationMember = Schemas["ConversationMember"];
export type ConversationStorage = Schemas["ConversationStorage"];
export type DeliveryAudit = Schemas["DeliveryAudit"];
export type Desk = Schemas["Desk"];
export type DeskMetricsRow = Schemas["DeskMetricsRow"];
export type FeatureSwitch = Schemas["FeatureSwitch"];
export type FloodRule = Schemas["FloodRule"];
export type Inbox = Schemas["Inbox"];
export type InboxConversation = Schemas["InboxConversation"];
export type LegalHold = Schemas["LegalHold"];
export type Message = Schemas["Message"];
export type MessageHook = Schemas["MessageHook"];
export type MessageTrace = Schemas["MessageTrace"];
export type OrphanedFile = Schemas["OrphanedFile"];
export type ParkedDelivery = Schemas["ParkedDelivery"];
export type PushOutcomeReport = Schemas["PushOutcomeReport"];
export type PushProviderReport = Schemas["PushProviderReport"];
export type PushReport = Schemas["PushReport"];
export type UserStorage = Schemas["UserStorage"];
export type VisibilityExplanation = Schemas["VisibilityExplanation"];
export type Webhook = Schemas["Webhook"];
export type WordListSummary = Schemas["WordListSummary"];

/** Who is signed up with a password. */
export type LocalAccount = {
  user: string;
  scope: string;
  open: boolean;
  created_at: string;
  changed_at: string;
};

/** What anybody may know of this system before signing in. */
export type Place = {
  name: string | null;
  accounts: "open" | "invited" | "off";
  setup: "needed" | "done" | "off";
  version: string;
};

export type JobKind = "rebuild" | "verify";
export type JobSubject = "read_models" | "search" | "seals";

export type Job = {
  id: string;
  kind: JobKind;
  of: JobSubject;
  state: "running" | "done" | "failed" | "stopped" | "interrupted";
  done: number;
  total: number;
  unit: "events" | "messages";
  by: string;
  started_at: string;
  updated_at: string;
  ended_at: string | null;
  error: string | null;
  result: Record<string, unknown> | null;
  stop_requested: boolean;
};

export type Seal = {
  number: number;
  first: number;
  last: number;
  events: number;
  sealed_at: string;
  public_key: string;
  hash: string;
};

export type SealPage = {
  seals: Seal[];
  next: string | null;
  head: number;
  sealed: number;
  lag_s: number | null;
  own_key: string | null;
};
