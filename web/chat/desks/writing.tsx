// Who may write in a conversation with a desk, and what the next message does.
import type { Conversation } from "@tidings/client";
import { Icon } from "../../shared/icon.tsx";
import { useSession } from "../session.ts";
import { useServiceSession } from "./sessions.ts";
import { t } from "./texts.ts";

export interface DeskWriting {
  /** Why the reader cannot write; null if they can. */
  refusal: string | null;
  hint: string | undefined;
}

const FREE: DeskWriting = { refusal: null, hint: undefined };

export function useDeskWriting({ id }: Conversation): DeskWriting {
  const { account } = useSession();
  const session = useServiceSession(id);
  if (session === undefined) return FREE;
  if (session.customer === account.user) {
    return session.state === "closed" ? { refusal: null, hint: t("opensNew") } : FREE;
  }
  if (session.state === "open" && session.agent === account.user) return FREE;
  return {
    refusal: t(session.state === "closed" ? "notYoursClosed" : "notYours"),
    hint: undefined,
  };
}

export function NoWriting({ refusal }: { refusal: string }) {
  return (
    <p class="writing-rules" role="note">
      <Icon name="lock" size={18} />
      {refusal}
    </p>
  );
}
