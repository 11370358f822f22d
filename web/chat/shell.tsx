// The panes of the chat: the list, the conversation, and beside it a thread or a panel. On a narrow
// window only one of them is shown.
import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../shared/dialog.tsx";
import { Icon } from "../shared/icon.tsx";
import { ConnectionBanner } from "./connection_banner.tsx";
import { ConversationPane } from "./conversation_pane.tsx";
import { useDesks } from "./desks/sessions.ts";
import { useNoStrayDrops } from "./files/use_attachments.ts";
import { Sidebar } from "./list/sidebar.tsx";
import { PANELS, type Panel } from "./panels/registry.ts";
import { go, type Route, useRoute } from "./route.ts";
import { useSelect, useSession } from "./session.ts";
import { t } from "./texts.ts";
import { ThreadPane } from "./thread/thread_pane.tsx";
import "./shell.css";

export function Shell() {
  const route = useRoute();
  useTitleCount();
  useFocusOfList();
  useNoStrayDrops();
  useDesks();
  const panel = route.panel === null ? undefined : PANELS[route.panel];
  const side = route.thread !== null || panel?.shown === "side";
  const shown = side ? "side" : route.conversation !== null ? "conversation" : "list";
  return (
    <div class="shell" data-shown={shown}>
      <a
        class="skip-link"
        href="#panes"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>(".composer textarea, .row-target")?.focus();
        }}
      >
        {t("skip")}
      </a>
      <ConnectionBanner />
      <main id="panes" class="panes">
        <h1 class="hidden-label">Tidings</h1>
        <Sidebar current={route.conversation} />
        <section class="pane main-pane" aria-label={t("conversation")}>
          {route.conversation === null ? <NothingChosen /> : (
            <ConversationPane
              key={route.conversation}
              id={route.conversation}
              seq={route.seq}
              visit={route.visit}
            />
          )}
        </section>
        {side && <SidePane route={route} panel={panel} />}
      </main>
      {panel?.shown === "dialog" && (
        <Dialog title={panel.title()} close={closeSide} class="panel-dialog">
          <PanelBody panel={panel} route={route} />
        </Dialog>
      )}
    </div>
  );
}

export function closeSide(): void {
  go({ panel: null, thread: null, place: {} });
}

function SidePane({ route, panel }: { route: Route; panel: Panel | undefined }) {
  const pane = useRef<HTMLElement>(null);
  const isThread = route.thread !== null && route.conversation !== null;
  const title = isThread ? t("threadTitle") : (panel?.title() ?? "");
  // The focus goes into the pane, and back to where it was.
  useEffect(() => {
    const before = document.activeElement;
    pane.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [route.panel, route.thread]);
  return (
    <aside
      ref={pane}
      class="pane side-pane"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
        closeSide();
      }}
    >
      <header class="pane-header">
        <h2>{title}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={t("closePane")}
          onClick={closeSide}
        >
          <Icon name="close" />
        </button>
      </header>
      {isThread ? (
        <ThreadPane
          key={`${route.conversation}/${route.thread}`}
          conversation={route.conversation!}
          root={route.thread!}
        />
      ) : (
        panel && <PanelBody panel={panel} route={route} />
      )}
    </aside>
  );
}

function PanelBody({ panel, route }: { panel: Panel; route: Route }) {
  const session = useSession();
  const Body = panel.component;
  return (
    <Body
      key={`${route.panel} ${JSON.stringify(route.place)}`}
      session={session}
      close={closeSide}
      openConversation={session.openConversation}
      openPanel={session.openPanel}
      {...route.place}
    />
  );
}

function NothingChosen() {
  return (
    <div class="nothing-chosen">
      <Icon name="message" size={40} />
      <h2>{t("choose")}</h2>
      <p class="soft">{t("chooseHint")}</p>
    </div>
  );
}

/** The number of unread messages in the title of the window. */
function useTitleCount(): void {
  const total = useSelect((state) => state.inbox.totalUnread);
  useEffect(() => {
    document.title = total > 0 ? `(${total}) Tidings` : "Tidings";
  }, [total]);
}

/** "/" outside of a field goes to the field that finds conversations. */
function useFocusOfList(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const writes = target.closest("input, textarea, select, dialog, [role=menu]") !== null;
      if (event.key !== "/" || writes || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      document.querySelector<HTMLElement>(".sidebar .filter-field")?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
