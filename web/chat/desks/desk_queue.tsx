// An agent's list: who waits at their desks, the longest first, and the sessions that they have.
import type { ServiceSession } from "@tidings/client";
import { useState } from "preact/hooks";
import { UserAvatar, UserName, useName } from "../names.tsx";
import { type ChatSession, sameItems, useSelect, useSession } from "../session.ts";
import { shortcut, useDeskKeys, type DeskKey } from "./keys.ts";
import { ReplyTarget } from "./session_bar.tsx";
import { acceptSession, clockOf, isOverdue, useNow } from "./sessions.ts";
import { t } from "./texts.ts";
import "./desks.css";

export function DeskQueue({ current }: { current: string | null }) {
  const waiting = useSelect((state) => state.waiting.items);
  const mine = useOwnSessions();
  const now = useNow(waiting.length > 0);
  return (
    <div class="desk-queue">
      <section aria-labelledby="desk-waiting">
        <h2 id="desk-waiting">
          {t("waitingTitle")} <span class="panel-count">{waiting.length}</span>
        </h2>
        {waiting.length === 0 && <p class="soft">{t("nobodyWaits")}</p>}
        <ul>
          {waiting.map((session) => (
            <WaitingRow key={session.id} session={session} now={now} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="desk-mine">
        <h2 id="desk-mine">
          {t("mineTitle")} <span class="panel-count">{mine.length}</span>
        </h2>
        {mine.length === 0 && <p class="soft">{t("noneOpen")}</p>}
        <ul>
          {mine.map((session) => (
            <OwnRow
              key={session.id}
              session={session}
              isShown={session.conversation_id === current}
            />
          ))}
        </ul>
      </section>
      <KeyList />
    </div>
  );
}

/** The open sessions of the user, the oldest first. */
function useOwnSessions(): readonly ServiceSession[] {
  const { account } = useSession();
  return useSelect(
    (state) =>
      state.sessions.items
        .filter((session) => session.state === "open" && session.agent === account.user)
        .toReversed(),
    sameItems,
  );
}

function DeskTitle({ id }: { id: string }) {
  const title = useSelect((state) => state.desks.items.find((desk) => desk.id === id)?.title);
  return <bdi>{title ?? id}</bdi>;
}

function WaitingRow({ session, now }: { session: ServiceSession; now: number }) {
  const chat = useSession();
  const name = useName(session.customer);
  const [isBusy, setBusy] = useState(false);
  const time = clockOf(now - Date.parse(session.opened_at));
  return (
    <li class="desk-row">
      <UserAvatar user={session.customer} size={36} />
      <span class="desk-row-text">
        <span class="desk-row-name">
          <bdi>{name}</bdi>
        </span>
        <span class="soft">
          <DeskTitle id={session.desk} /> · {t("waitingSince", { time })}
        </span>
        {isOverdue(session, now) && <ReplyTarget session={session} />}
      </span>
      <button
        type="button"
        class="button primary"
        disabled={isBusy}
        aria-label={t("acceptOf", { name })}
        onClick={() => {
          setBusy(true);
          void acceptSession(chat, session).finally(() => setBusy(false));
        }}
      >
        {t("accept")}
      </button>
    </li>
  );
}

function OwnRow({ session, isShown }: { session: ServiceSession; isShown: boolean }) {
  const { conversation_id: id, customer } = session;
  const unread = useSelect((state) => state.conversations.get(id)?.unread ?? 0);
  return (
    <li>
      <a
        class={`desk-row link ${isShown ? "selected" : ""}`}
        href={`#/c/${encodeURIComponent(id)}`}
        aria-current={isShown ? "true" : undefined}
      >
        <UserAvatar user={customer} size={36} presence />
        <span class="desk-row-text">
          <span class="desk-row-name">
            <UserName user={customer} />
          </span>
          <span class="soft">
            <DeskTitle id={session.desk} />
          </span>
          <ReplyTarget session={session} />
        </span>
        {unread > 0 && <span class="badge">{unread}</span>}
      </a>
    </li>
  );
}

const KEYS: { key: DeskKey; label: () => string }[] = [
  { key: "A", label: () => t("keyAccept") },
  { key: "J", label: () => t("keyNext") },
  { key: "K", label: () => t("keyPrevious") },
  { key: "L", label: () => t("keyReplies") },
  { key: "N", label: () => t("keyNote") },
  { key: "O", label: () => t("keyTransfer") },
  { key: "X", label: () => t("keyClose") },
];

function KeyList() {
  return (
    <details class="desk-keys">
      <summary>{t("keys")}</summary>
      <dl>
        {KEYS.map(({ key, label }) => (
          <div key={key}>
            <dt>
              <kbd>{shortcut(key)}</kbd>
            </dt>
            <dd>{label()}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** The keys that work wherever an agent is. */
export function useQueueKeys(current: string | null, isAgent: boolean): void {
  const chat = useSession();
  const waiting = useSelect((state) => state.waiting.items[0]);
  const mine = useOwnSessions();
  useDeskKeys(
    {
      A: () => void (waiting && acceptSession(chat, waiting)),
      J: () => step(chat, mine, current, 1),
      K: () => step(chat, mine, current, -1),
    },
    isAgent,
  );
}

function step(
  chat: ChatSession,
  mine: readonly ServiceSession[],
  current: string | null,
  by: 1 | -1,
): void {
  if (mine.length === 0) return;
  const at = mine.findIndex((session) => session.conversation_id === current);
  const first = by > 0 ? 0 : mine.length - 1;
  const next = at < 0 ? first : (at + by + mine.length) % mine.length;
  chat.openConversation(mine[next]!.conversation_id);
}
