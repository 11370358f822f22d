// /widget.js: the script that a page embeds. It draws a button in a corner of the page, and behind
// it a frame of this Tidings, which has the conversation. docs/widget.md describes its attributes.
import {
  type ToFrame,
  type ToHost,
  type TokenReason,
  type WidgetSettings,
  writeSettings,
} from "./messages.ts";

type TokenFunction = (reason: TokenReason) => string | null | Promise<string | null>;

/** What pages call: `TidingsWidget.open()`. */
interface WidgetControl {
  open: () => void;
  close: () => void;
  /** Takes the widget off the page. */
  remove: () => void;
}

declare global {
  interface Window {
    TidingsWidget?: WidgetControl;
  }
}

const LABELS = {
  en: { open: "Open the chat", close: "Close the chat", title: "Chat", unread: "{count} unread" },
  zh: { open: "打开客服", close: "关闭客服", title: "客服", unread: "{count} 条未读" },
};

const STYLE = `
:host { all: initial; color-scheme: light dark; }
.button {
  position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000;
  display: grid; place-items: center; width: 56px; height: 56px; padding: 0;
  border: 0; border-radius: 50%; background: var(--tidings-color, #0b6e69); color: #fff;
  box-shadow: 0 2px 10px #0006; cursor: pointer;
}
.button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
.button svg { width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 2; }
.count {
  position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px;
  height: 22px; padding: 0 6px; box-sizing: border-box; border-radius: 11px;
  background: #b3261e; color: #fff; font: 700 12px/22px system-ui, sans-serif;
}
.frame {
  position: fixed; inset-block-end: 88px; inset-inline-end: 20px; z-index: 2147483000;
  width: 380px; height: min(620px, calc(100dvh - 108px)); border: 0; border-radius: 14px;
  box-shadow: 0 6px 32px #0005; background: Canvas;
}
[hidden] { display: none !important; }
@media (max-width: 480px) {
  .frame { inset: 0; width: 100%; height: 100dvh; border-radius: 0; }
  .button[aria-expanded="true"] { display: none; }
}
@media (forced-colors: active) { .button { border: 2px solid ButtonText; } }
`;

const ICON = "M4 5h16v11h-9l-5 4v-4H4z";

function start(script: HTMLScriptElement): void {
  const { origin } = new URL(script.src);
  const { desk = "", language, theme, custom } = script.dataset;
  if (desk === "") {
    console.error("Tidings: the script needs data-desk, the id of a service desk.");
    return;
  }
  const settings: WidgetSettings = {
    desk,
    host: location.origin,
    language: language ?? (navigator.language.startsWith("zh") ? "zh" : "en"),
    ...(theme !== undefined && { theme }),
    ...(custom !== undefined && { custom: JSON.parse(custom) as object }),
  };
  const labels = settings.language?.startsWith("zh") ? LABELS.zh : LABELS.en;
  const widget = document.createElement("div");
  const root = widget.attachShadow({ mode: "open" });
  // A sheet of its own works under a policy of the page that forbids inline styles.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const button = makeButton(labels.open);
  const count = document.createElement("span");
  count.className = "count";
  count.hidden = true;
  button.append(count);
  root.append(button);
  document.body.append(widget);

  let frame: HTMLIFrameElement | null = null;
  let isShown = false;
  let isLoaded = false;
  const send = (message: ToFrame) => {
    if (isLoaded) frame?.contentWindow?.postMessage(message, origin);
  };
  const show = (next: boolean) => {
    if (isShown === next) return;
    isShown = next;
    if (frame === null) {
      frame = makeFrame(`${origin}/widget#${writeSettings(settings)}`, labels.title);
      root.append(frame);
    }
    frame.hidden = !next;
    button.setAttribute("aria-expanded", String(next));
    button.setAttribute("aria-label", next ? labels.close : labels.open);
    send({ tidings: "shown", isShown: next });
    if (next) frame.focus();
    else button.focus();
  };
  button.addEventListener("click", () => show(!isShown));
  const listen = async (event: MessageEvent<ToHost>) => {
    if (event.source !== frame?.contentWindow || event.origin !== origin) return;
    const message = event.data;
    isLoaded = true;
    if (message.tidings === "close") show(false);
    if (message.tidings === "unread") {
      count.hidden = message.count === 0;
      count.textContent = String(message.count);
      count.setAttribute("aria-label", labels.unread.replace("{count}", String(message.count)));
    }
    if (message.tidings === "token") {
      send({ tidings: "token", token: await readToken(script, message.reason) });
      send({ tidings: "shown", isShown });
    }
  };
  addEventListener("message", listen);
  window.TidingsWidget = {
    open: () => show(true),
    close: () => show(false),
    remove: () => {
      removeEventListener("message", listen);
      widget.remove();
    },
  };
}

/** The token of the attribute, or of the function of the page that the attribute names. */
async function readToken(script: HTMLScriptElement, reason: TokenReason): Promise<string | null> {
  const { token, tokenFunction } = script.dataset;
  if (tokenFunction === undefined) return token ?? null;
  const found = (window as unknown as Record<string, TokenFunction | undefined>)[tokenFunction];
  if (typeof found !== "function") {
    console.error(`Tidings: the page has no function ${tokenFunction}.`);
    return null;
  }
  try {
    return await found(reason);
  } catch (error) {
    console.error("Tidings: the page has no token.", error);
    return null;
  }
}

function makeButton(label: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", "false");
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICON);
  icon.append(path);
  button.append(icon);
  return button;
}

function makeFrame(source: string, title: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.className = "frame";
  frame.title = title;
  frame.src = source;
  return frame;
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  if (document.body === null) addEventListener("DOMContentLoaded", () => start(script));
  else start(script);
}
