// What the page shows, as the part of the address after "#": the back button works, links can be
// shared, and the server needs no routes of its own.
import { useEffect, useState } from "preact/hooks";
import type { PanelName, PanelPlace } from "./panels/registry.ts";

export interface Route {
  conversation: string | null;
  /** The message to which the timeline jumps. */
  seq: number | null;
  /** The thread that is open beside the conversation. */
  thread: number | null;
  panel: PanelName | null;
  place: PanelPlace;
}

const NOWHERE: Route = { conversation: null, seq: null, thread: null, panel: null, place: {} };

export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [kind, id] = path.split("/").map(decode);
  const values = new URLSearchParams(query);
  // A link that an owner of a group has shared.
  if (kind === "join" && id) return { ...NOWHERE, panel: "join", place: { code: id } };
  return {
    conversation: kind === "c" && id ? id : null,
    seq: readNumber(values.get("seq")),
    thread: readNumber(values.get("thread")),
    panel: values.get("panel") as Route["panel"],
    place: readPlace(values.get("place")),
  };
}

export function writeRoute(route: Route): string {
  const values = new URLSearchParams();
  if (route.seq !== null) values.set("seq", String(route.seq));
  if (route.thread !== null) values.set("thread", String(route.thread));
  if (route.panel !== null) values.set("panel", route.panel);
  if (Object.keys(route.place).length > 0) values.set("place", JSON.stringify(route.place));
  const path = route.conversation === null ? "" : `c/${encodeURIComponent(route.conversation)}`;
  const query = values.size > 0 ? `?${values}` : "";
  return `#/${path}${query}`;
}

/** Goes somewhere else: what is not named stays as it is. */
export function go(change: Partial<Route>, replace = false): void {
  const hash = writeRoute({ ...readRoute(location.hash), ...change });
  if (hash === location.hash) {
    // The same message again: the reader has scrolled away and wants to return.
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else if (replace) {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = hash;
  }
}

/** On a window of this width, a panel is in front of the conversation (shell.css). */
const PANEL_COVERS = "(max-width: 1080px)";

export function openConversation(id: string, seq?: number): void {
  const isOpen = readRoute(location.hash).conversation === id;
  const stays = isOpen && !matchMedia(PANEL_COVERS).matches;
  const change = { conversation: id, seq: seq ?? null, thread: null };
  go(stays ? change : { ...NOWHERE, ...change });
}

export function openThread(conversation: string, root: number): void {
  go({ conversation, thread: root, panel: null, place: {} });
}

export function openPanel(name: PanelName, place: PanelPlace = {}): void {
  go({ panel: name, place, thread: null });
}

export function useRoute(): Route & { visit: number } {
  const [shown, setShown] = useState({ hash: location.hash, visit: 0 });
  useEffect(() => {
    const onChange = () => setShown(({ visit }) => ({ hash: location.hash, visit: visit + 1 }));
    addEventListener("hashchange", onChange);
    // The address may have changed between the first drawing and now.
    if (location.hash !== shown.hash) onChange();
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return { ...readRoute(shown.hash), visit: shown.visit };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

function readNumber(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

function readPlace(text: string | null): PanelPlace {
  try {
    return text === null ? {} : (JSON.parse(text) as PanelPlace);
  } catch {
    return {};
  }
}
