// Everything that a part of the chat needs to know and do, for the user who is signed in.
import type { Api, ClientState, TidingsClient } from "@tidings/client";
import { createContext } from "preact";
import { useContext, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import type { Account } from "../shared/account.ts";
import type { PanelName, PanelPlace } from "./panels/registry.ts";

export interface ChatSession {
  account: Account;
  client: TidingsClient;
  api: Api;
  /** Shows the sign-in page; with a reason if the user did not ask for it. */
  signOut: (reason?: string) => void;
  openConversation: (id: string, seq?: number) => void;
  openPanel: (name: PanelName, place?: PanelPlace) => void;
  openThread: (conversation: string, root: number) => void;
  /** Continues with a new token of the same user, as after a change of the password. */
  changeToken: (token: string) => void;
}

const SessionContext = createContext<ChatSession | null>(null);
export const SessionProvider = SessionContext.Provider;

export function useSession(): ChatSession {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession needs a <SessionProvider> above it.");
  return session;
}

/**
 * What `selector` returns for the current state; draws again when that changes. A selector that
 * makes a new value each time needs `isEqual`, and one with a memory of its own needs `useMemo`.
 */
export function useSelect<Selected>(
  selector: (state: ClientState) => Selected,
  isEqual: (a: Selected, b: Selected) => boolean = Object.is,
): Selected {
  const { client } = useSession();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const next = selector(client.state);
  const latest = useRef({ selector, selected: next, isEqual });
  // The same value as before stays the same object, for effects that depend on it.
  const selected = isEqual(next, latest.current.selected) ? latest.current.selected : next;
  latest.current = { selector, selected, isEqual };
  useLayoutEffect(() => {
    const check = (state: ClientState) => {
      const { selector, selected, isEqual } = latest.current;
      if (!isEqual(selector(state), selected)) redraw(undefined);
    };
    // What changed between drawing and subscribing counts too.
    check(client.state);
    return client.subscribe((state) => state, check);
  }, [client]);
  return selected;
}

/** Whether two arrays have the same members in the same order. */
export function sameItems<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}
