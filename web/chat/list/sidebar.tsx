// The first pane: who is signed in, what can be begun, and the conversations.
import { useState } from "preact/hooks";
import { ConfirmDialog } from "../../shared/dialog.tsx";
import { Icon, type IconName } from "../../shared/icon.tsx";
import { Menu, type MenuItem } from "../../shared/menu.tsx";
import { DeskQueue, useQueueKeys } from "../desks/desk_queue.tsx";
import { useIsAgent } from "../desks/sessions.ts";
import { t as desks } from "../desks/texts.ts";
import { UserAvatar, useName } from "../names.tsx";
import type { PanelName } from "../panels/registry.ts";
import { type ChatSession, useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { ConversationList } from "./conversation_list.tsx";
import type { Filter } from "./filter.ts";
import "./list.css";

const FILTERS: { filter: Filter; label: () => string }[] = [
  { filter: "all", label: () => t("filterAll") },
  { filter: "unread", label: () => t("filterUnread") },
  { filter: "archived", label: () => t("filterArchived") },
];

export function Sidebar({ current }: { current: string | null }) {
  const { openPanel } = useSession();
  const [filter, setFilter] = useState<Filter | "desk">("all");
  const [words, setWords] = useState("");
  const isAgent = useIsAgent();
  const waiting = useSelect((state) => state.waiting.items.length);
  const hasDesks = useSelect((state) => state.desks.items.length > 0);
  const showsQueue = filter === "desk" && isAgent;
  useQueueKeys(current, isAgent);
  const hasUnread = useSelect((state) => state.inbox.totalUnread > 0);
  const beginnings: MenuItem[] = [
    { label: t("people"), icon: "person", choose: () => openPanel("people") },
    { label: t("newGroup"), icon: "group", choose: () => openPanel("new-group") },
    { label: t("join"), icon: "link", choose: () => openPanel("join") },
  ];
  if (hasDesks) {
    const choose = () => openPanel("contact");
    beginnings.push({ label: desks("contact"), icon: "message", choose });
  }
  return (
    <nav class="pane sidebar" aria-label={t("conversations")}>
      <header class="pane-header">
        <OwnAccount />
        <button
          type="button"
          class="icon-button"
          aria-label={t("search")}
          title={t("search")}
          onClick={() => openPanel("search")}
        >
          <Icon name="search" />
        </button>
        <Menu label={t("newConversation")} items={beginnings}>
          <Icon name="add" />
        </Menu>
      </header>
      <div class="list-tools">
        <input
          type="search"
          class="input filter-field"
          aria-label={t("filter")}
          placeholder={t("filter")}
          value={words}
          dir="auto"
          onInput={(event) => setWords(event.currentTarget.value)}
          onKeyDown={(event) => onFilterKey(event, () => setWords(""))}
        />
        <div class="filters" role="group" aria-label={t("conversations")}>
          {FILTERS.map((each) => (
            <button
              key={each.filter}
              type="button"
              class="filter"
              aria-pressed={filter === each.filter}
              onClick={() => setFilter(each.filter)}
            >
              {each.label()}
              {each.filter === "unread" && hasUnread && <span class="filter-dot" />}
            </button>
          ))}
          {isAgent && (
            <button
              type="button"
              class="filter"
              aria-pressed={showsQueue}
              onClick={() => setFilter("desk")}
            >
              {desks("filterDesk")}
              {waiting > 0 && (
                <span class="badge" role="status">
                  <span aria-hidden="true">{waiting}</span>
                  <span class="hidden-label">{desks("waitingCount", { count: waiting })}</span>
                </span>
              )}
            </button>
          )}
        </div>
      </div>
      {showsQueue ? (
        <DeskQueue current={current} />
      ) : (
        <ConversationList
          key={filter}
          current={current}
          filter={filter === "desk" ? "all" : filter}
          words={words}
        />
      )}
    </nav>
  );
}

function onFilterKey(event: KeyboardEvent, clear: () => void): void {
  if (event.isComposing) return;
  if (event.key === "Escape") clear();
  if (event.key !== "ArrowDown") return;
  event.preventDefault();
  document.querySelector<HTMLElement>(".sidebar .row-target")?.focus();
}

function OwnAccount() {
  const session = useSession();
  const { account } = session;
  const name = useName(account.user);
  const invitations = useSelect((state) => state.invitations.items.length);
  const threads = useSelect((state) => unreadThreads(state.followedThreads.items));
  const unsent = useSelect((state) => state.outbox.filter((item) => item.kind === "send").length);
  const [leaving, setLeaving] = useState(false);
  const items = accountItems(session, { invitations, threads, leave: () => setLeaving(true) });
  return (
    <>
      <Menu label={t("account")} named items={items} class="own-account">
        <UserAvatar user={account.user} size={34} />
        <span class="own-name" dir="auto">
          {name}
        </span>
        <span class="hidden-label">{t("account")}</span>
        {invitations + threads > 0 && <span class="own-dot" />}
      </Menu>
      {leaving && (
        <ConfirmDialog
          title={t("signOutTitle")}
          text={`${unsent > 0 ? t("signOutUnsent", { count: unsent }) : ""} ${t("signOutText")}`}
          action={t("signOut")}
          danger={unsent > 0}
          confirm={() => session.signOut()}
          close={() => setLeaving(false)}
        />
      )}
    </>
  );
}

interface AccountState {
  invitations: number;
  threads: number;
  leave: () => void;
}

function accountItems(session: ChatSession, state: AccountState): MenuItem[] {
  const { account, openPanel } = session;
  const open = (label: string, icon: IconName, panel: PanelName): MenuItem => ({
    label,
    icon,
    choose: () => openPanel(panel),
  });
  const items = [
    open(t("settings"), "settings", "settings"),
    open(counted(t("invitations"), state.invitations), "group", "invitations"),
    open(counted(t("threads"), state.threads), "thread", "threads"),
    open(t("scheduled"), "clock", "scheduled"),
    open(t("held"), "shield", "held"),
  ];
  if (account.scopes.includes("admin")) {
    items.push(open(t("asOf"), "history", "as-of"));
    items.push({ label: t("console"), icon: "globe", choose: () => location.assign("ops") });
  }
  return [...items, { label: t("signOut"), icon: "sign-out", choose: state.leave }];
}

function counted(label: string, count: number): string {
  return count > 0 ? `${label} (${count})` : label;
}

function unreadThreads(threads: readonly { unread: number }[]): number {
  return threads.filter((thread) => thread.unread > 0).length;
}
