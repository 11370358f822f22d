// Below the header of a conversation with a desk: how its session stands, and what the reader can
// do about it.
import type { ServiceSession } from "@tidings/client";
import { useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { useSession } from "../session.ts";
import { CannedDialog } from "./canned_dialog.tsx";
import { CloseDialog } from "./close_dialog.tsx";
import { shortcut, useDeskKeys } from "./keys.ts";
import { isRateable, RatingForm } from "./rating_form.tsx";
import {
  acceptSession,
  clockOf,
  describeState,
  useAgentName,
  useNow,
  useServiceSession,
} from "./sessions.ts";
import { t } from "./texts.ts";
import { TransferDialog } from "./transfer_dialog.tsx";
import "./desks.css";

export function SessionBar({ conversation }: { conversation: string }) {
  const { account } = useSession();
  const session = useServiceSession(conversation);
  if (session === undefined) return null;
  const Bar = session.customer === account.user ? CustomerBar : AgentBar;
  return <Bar key={session.id} session={session} />;
}

function SessionState({ session }: { session: ServiceSession }) {
  const { account } = useSession();
  const agent = useAgentName(session);
  return (
    <span class={`session-state ${session.state}`} role="status">
      {describeState(session, account.user, agent)}
    </span>
  );
}

function CustomerBar({ session }: { session: ServiceSession }) {
  const [closing, setClosing] = useState(false);
  const isOver = session.state === "closed";
  return (
    <section class="session-bar" aria-label={t("session")}>
      <SessionState session={session} />
      {session.rating !== null && <span>{t("rated", { count: session.rating })}</span>}
      {!isOver && (
        <button type="button" class="button" onClick={() => setClosing(true)}>
          {t("close")}
        </button>
      )}
      {isRateable(session) && <RatingForm session={session} />}
      {closing && <CloseDialog session={session} close={() => setClosing(false)} />}
    </section>
  );
}

type Asking = "replies" | "transfer" | "close";

function AgentBar({ session }: { session: ServiceSession }) {
  const chat = useSession();
  const [asking, setAsking] = useState<Asking | null>(null);
  const { state, agent, conversation_id: conversation } = session;
  const isMine = state === "open" && agent === chat.account.user;
  const showDetails = () => chat.openPanel("session", { conversation });
  const ask = (what: Asking) => () => setAsking(what);
  useDeskKeys(
    { L: ask("replies"), N: showDetails, O: ask("transfer"), X: ask("close") },
    isMine,
  );
  const close = () => setAsking(null);
  return (
    <section class="session-bar" aria-label={t("session")}>
      <SessionState session={session} />
      {isMine && <ReplyTarget session={session} />}
      <span class="session-acts">
        {state === "waiting" && (
          <button
            type="button"
            class="button primary"
            onClick={() => void acceptSession(chat, session)}
          >
            {t("accept")}
          </button>
        )}
        {isMine && (
          <>
            <button
              type="button"
              class="button"
              aria-keyshortcuts={shortcut("L")}
              onClick={ask("replies")}
            >
              {t("replies")}
            </button>
            <button
              type="button"
              class="button"
              aria-keyshortcuts={shortcut("O")}
              onClick={ask("transfer")}
            >
              {t("transfer")}
            </button>
            <button
              type="button"
              class="button"
              aria-keyshortcuts={shortcut("X")}
              onClick={ask("close")}
            >
              {t("close")}
            </button>
          </>
        )}
        <button
          type="button"
          class="icon-button"
          aria-label={t("details")}
          title={t("details")}
          aria-keyshortcuts={shortcut("N")}
          onClick={showDetails}
        >
          <Icon name="info" />
        </button>
      </span>
      {asking === "replies" && <CannedDialog close={close} />}
      {asking === "transfer" && <TransferDialog session={session} close={close} />}
      {asking === "close" && <CloseDialog session={session} close={close} />}
    </section>
  );
}

/** How long the customer may still wait for a reply. */
export function ReplyTarget({ session }: { session: ServiceSession }) {
  const due = session.reply_due_at;
  const now = useNow(due !== null);
  if (due === null) return null;
  const left = Date.parse(due) - now;
  const isOverdue = left < 0;
  return (
    <span class={`reply-target ${isOverdue ? "overdue" : ""}`} role="timer">
      <Icon name="clock" size={16} />
      {t(isOverdue ? "replyOverdue" : "replyIn", { time: clockOf(Math.abs(left)) })}
    </span>
  );
}
