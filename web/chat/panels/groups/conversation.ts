// The conversation that a page is about, and what the user may do there.
import type { Conversation, ConversationMore, Role } from "@tidings/client";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { useLoaded } from "../parts/loading.ts";

export interface Place {
  conversation: Conversation | undefined;
  details: ConversationMore | null;
  /** Whether the user is its owner or an admin. */
  leads: boolean;
  error: unknown;
  reload: () => void;
}

export function usePlace(id: string): Place {
  const { client } = useHost();
  const loaded = useLoaded(() => client.conversations.load(id), id);
  const conversation = useSelect((state) => state.conversations.get(id));
  const details = conversation?.details ?? null;
  const leads = details !== null && isLeader(details.role);
  return { conversation, details, leads, error: loaded.error, reload: loaded.reload };
}

export function isLeader(role: Role): boolean {
  return role === "owner" || role === "admin";
}

/** What somebody may do with a member of their group, by the roles of both. */
export function rightsOver(
  mine: Role,
  other: Role,
  isSelf: boolean,
): { change: boolean; promote: boolean; demote: boolean } {
  const change = !isSelf && (mine === "owner" || (mine === "admin" && other === "member"));
  return {
    change,
    promote: !isSelf && isLeader(mine) && other === "member",
    demote: mine === "owner" && other === "admin",
  };
}
