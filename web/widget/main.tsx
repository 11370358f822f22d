// The frame of the widget: one customer's conversation with one service desk.
import "../shared/base.css";
import "./widget.css";
import { TidingsClient } from "@tidings/client";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { setLanguage, showLanguage } from "../shared/language.ts";
import { Conversation } from "./conversation.tsx";
import { Host } from "./host.ts";
import { readSettings, type WidgetSettings } from "./messages.ts";
import { useSelected, useWidget, WidgetContext } from "./state.ts";
import { t } from "./texts.ts";

interface WidgetProps {
  settings: WidgetSettings;
  host: Host;
  client: TidingsClient;
}

function Widget({ settings, host, client }: WidgetProps) {
  const [isShown, setShown] = useState(true);
  useEffect(() => {
    host.onShown = setShown;
    client
      .start()
      .then(() => Promise.all([client.lists.desks(), client.lists.sessions()]))
      // Without an answer, the line about the connection says so.
      .catch((error) => console.warn("Tidings:", error));
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.isComposing) host.send({ tidings: "close" });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <WidgetContext.Provider value={{ client, host, settings }}>
      <div class="widget">
        <Header />
        <Connection />
        <Conversation isShown={isShown} />
      </div>
    </WidgetContext.Provider>
  );
}

function Header() {
  const { host, title } = useDesk();
  return (
    <header class="widget-header">
      <h1 dir="auto">{title}</h1>
      <button
        type="button"
        class="icon-button"
        aria-label={t("close")}
        onClick={() => host.send({ tidings: "close" })}
      >
        ×
      </button>
    </header>
  );
}

function useDesk() {
  const { host, settings, selected } = useSelected(({ desks }) => desks);
  const desk = selected.items.find(({ id }) => id === settings.desk);
  useEffect(() => {
    if (desk !== undefined) document.title = desk.title;
  }, [desk?.title]);
  return { host, title: desk?.title ?? "" };
}

/** What keeps messages from being sent. */
function Connection() {
  const { settings } = useWidget();
  const { selected: text } = useSelected(({ connection, desks, me }) => {
    const { status } = connection;
    if (status === "signed_out" || status === "refused") return t("signedOut");
    if (status === "waiting" || connection.offline) return t("offline");
    if (me === "" || !desks.loaded) return t("connecting");
    return desks.items.some(({ id }) => id === settings.desk) ? "" : t("unknownDesk");
  });
  return (
    <p class="widget-notice" role="status" hidden={text === ""}>
      {text}
    </p>
  );
}

const settings = readSettings(location.hash);
if (settings !== null && parent !== window) {
  setLanguage(settings.language?.startsWith("zh") ? "zh" : "en");
  showLanguage();
  if (settings.theme === "light" || settings.theme === "dark") {
    document.documentElement.dataset["theme"] = settings.theme;
  }
  const host = new Host(settings.host);
  const client = new TidingsClient({
    url: location.origin,
    token: (reason) => host.token(reason),
  });
  const props = { settings, host, client };
  render(<Widget {...props} />, document.getElementById("page")!);
}
