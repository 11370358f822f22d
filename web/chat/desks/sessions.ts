// What a conversation with a service desk is for the reader, and what can be done with it.
import { ApiError, type ServiceSession, selectSession } from "@tidings/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import { showError, showToast } from "../../shared/toast.tsx";
import { nameOf, useProfile } from "../names.tsx";
import { type ChatSession, useSelect, useSession } from "../session.ts";
import { useReminders } from "./reminders.ts";
import { t } from "./texts.ts";

/** The newest session of a conversation with a desk; undefined for other conversations. */
export function useServiceSession(conversation: string): ServiceSession | undefined {
  return useSelect(useMemo(() => selectSession(conversation), [conversation]));
}

/** Whether the user is an agent of any desk. */
export function useIsAgent(): boolean {
  return useSelect((state) => state.desks.items.some((desk) => desk.is_agent));
}

/** The name of the agent who has the session, or had it; empty if none did. */
export function useAgentName({ agent }: ServiceSession): string {
  return useProfile(agent)?.display_name ?? agent ?? "";
}

export function describeState(session: ServiceSession, me: string, agent: string): string {
  if (session.state === "waiting") return t("stateWaiting");
  if (session.state === "closed") return t(session.reason === "idle" ? "stateIdle" : "stateClosed");
  return session.customer === me ? t("stateOpenWith", { name: agent }) : t("stateOpen");
}

/** The same in one word. */
export function shortState({ state }: ServiceSession): string {
  const texts = { waiting: "shortWaiting", open: "shortOpen", closed: "stateClosed" } as const;
  return t(texts[state]);
}

/** Gets a session for the user, and shows its conversation. */
export async function acceptSession(chat: ChatSession, session: ServiceSession): Promise<void> {
  const { client, openConversation } = chat;
  try {
    await client.desks.accept(session.id);
  } catch (error) {
    showError(error instanceof ApiError && error.code === "taken" ? t("taken") : error);
    return;
  }
  openConversation(session.conversation_id);
  showToast(t("acceptedToast", { name: nameOf(client.state, session.customer) }));
}

/** The time now, once a second while it is wanted. */
export function useNow(isWanted: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isWanted) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isWanted]);
  return now;
}

/** Whether the customer is to have had a reply by now. */
export function isOverdue({ reply_due_at: due }: ServiceSession, now: number): boolean {
  return due !== null && Date.parse(due) < now;
}

/** A time such as 4:05 or 1:02:03. */
export function clockOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const parts = [...(hours > 0 ? [hours] : []), minutes, seconds % 60];
  const [first, ...others] = parts;
  return [first, ...others.map((part) => String(part).padStart(2, "0"))].join(":");
}

/** Keeps what the parts of the chat about desks show up to date. */
export function useDesks(): void {
  const { client } = useSession();
  const isAgent = useIsAgent();
  useEffect(() => {
    // Without an answer there is nothing to show of desks; the next start asks again.
    client.lists.desks().catch(() => undefined);
    client.lists.sessions().catch(() => undefined);
  }, [client]);
  useEffect(() => {
    if (isAgent) client.lists.waiting().catch(showError);
  }, [client, isAgent]);
  useReminders();
}
