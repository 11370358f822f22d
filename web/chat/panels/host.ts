// What the pages of the panels need, and the way from one to the next and back.
import type { Api, Client } from "@tidings/client";
import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import type { ChatSession } from "../session.ts";
import { Calls } from "./calls.ts";
import type { PanelName, PanelPlace, PanelProps } from "./registry.ts";

export interface Host {
  session: ChatSession;
  me: string;
  /** Whether the token has the scope of administrators. */
  isAdmin: boolean;
  client: Client;
  api: Api;
  calls: Calls;
  /** Whether another page opened this one. */
  hasBack: boolean;
  openConversation(id: string, seq?: number): void;
  /** Shows a message where it was written: in its conversation, or in its thread. */
  openMessage(message: PlacedMessage): void;
  /** Shows another page, from which "back" returns here. */
  open(name: PanelName, place?: PanelPlace): void;
  back(): void;
  close(): void;
}

export interface PlacedMessage {
  conversation_id: string;
  seq: number;
  /** The root of the thread to which it belongs. */
  thread: number | null;
}

interface Visit {
  name: PanelName;
  place: PanelPlace;
}

// How the reader came to the page that is shown. Other ways of leaving a page, such as the button
// of the browser, make the last step wrong; then it does not lead to the page that is shown.
let steps: { from: Visit; to: string }[] = [];
const MOST_STEPS = 20;

const callsOf = new WeakMap<Client, Calls>();

function callsFor(client: Client): Calls {
  const calls = callsOf.get(client) ?? new Calls();
  callsOf.set(client, calls);
  return calls;
}

const keyOf = (name: PanelName, place: PanelPlace) =>
  JSON.stringify([name, Object.entries(place).sort()]);

export function makeHost(name: PanelName, place: PanelPlace, props: PanelProps): Host {
  const { session } = props;
  const last = steps.at(-1);
  const hasBack = last !== undefined && last.to === keyOf(name, place);
  return {
    session,
    me: session.account.user,
    isAdmin: session.account.scopes.includes("admin"),
    client: session.client,
    api: session.api,
    calls: callsFor(session.client),
    hasBack,
    openConversation: props.openConversation,
    openMessage({ conversation_id: id, seq, thread }) {
      if (thread === null) props.openConversation(id, seq);
      else session.openThread(id, thread);
    },
    open(next, nextPlace = {}) {
      const before = hasBack ? steps : [];
      const step = { from: { name, place }, to: keyOf(next, nextPlace) };
      steps = [...before, step].slice(-MOST_STEPS);
      props.openPanel(next, nextPlace);
    },
    back() {
      if (!hasBack) return props.close();
      steps = steps.slice(0, -1);
      props.openPanel(last.from.name, last.from.place);
    },
    close: props.close,
  };
}

export const HostContext = createContext<Host | null>(null);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error("A page of a panel is shown outside of a panel.");
  return host;
}

const SETTLE_MS = 600;

/** Runs something after entries have arrived, once for those that arrive together. */
export function useArrivals(run: () => void): void {
  const { client } = useHost();
  const current = useRef(run);
  current.current = run;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = client.subscribe(
      (state) => state.cursor,
      () => {
        clearTimeout(timer);
        timer = setTimeout(() => current.current(), SETTLE_MS);
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client]);
}
