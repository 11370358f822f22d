// The settings of a group as fields of a form, and back to what the API takes.
import type { ChangeRequest, Conversation, ConversationMore } from "@tidings/client";
import { isFile } from "../../files/avatar_file.ts";
import {
  checkLength,
  checkPicture,
  checkWholeNumber,
  type Fault,
  LIMITS,
} from "../forms/validation.ts";

export interface Fields {
  title: string;
  topic: string;
  avatar: string;
  history: "all" | "since_join";
  post: "members" | "admins";
  join: "added" | "asked" | "open";
  slow_mode: string;
  retention_days: string;
  frozen: boolean;
}

export function fieldsOf(
  conversation: Pick<Conversation, "title">,
  { policy, history }: Pick<ConversationMore, "policy" | "history">,
): Fields {
  return {
    title: conversation.title ?? "",
    topic: policy.topic ?? "",
    // A picture that is a file has no address.
    avatar: policy.avatar === null || isFile(policy.avatar) ? "" : policy.avatar,
    history,
    post: policy.post,
    join: policy.join,
    slow_mode: String(policy.slow_mode),
    retention_days: policy.retention_days === null ? "" : String(policy.retention_days),
    frozen: policy.frozen,
  };
}

/** Only what differs from before; an empty text removes what was there. */
export function changesOf(fields: Fields, before: Fields): ChangeRequest {
  const all: Required<Omit<ChangeRequest, "custom">> = {
    title: fields.title || null,
    topic: fields.topic || null,
    avatar: fields.avatar || null,
    history: fields.history,
    post: fields.post,
    join: fields.join,
    slow_mode: Number(fields.slow_mode),
    retention_days: fields.retention_days === "" ? null : Number(fields.retention_days),
    frozen: fields.frozen,
  };
  const names = Object.keys(all) as (keyof Fields)[];
  const changed = names.filter((name) => fields[name] !== before[name]);
  return Object.fromEntries(changed.map((name) => [name, all[name]]));
}

export function checkFields(
  fields: Fields,
): Record<"title" | "topic" | "avatar" | "retention_days", Fault | null> {
  const days = fields.retention_days;
  return {
    title: checkLength(fields.title, LIMITS.title),
    topic: checkLength(fields.topic, LIMITS.topic),
    avatar: checkPicture(fields.avatar),
    retention_days: days === "" ? null : checkWholeNumber(days, LIMITS.retentionDays),
  };
}
