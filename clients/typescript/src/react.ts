// Hooks for React, and for Preact with `preact/compat` as `react`.
import { createContext, createElement, useCallback, useContext, useMemo, useRef } from "react";
import { useSyncExternalStore, type ReactNode } from "react";
import type { Client } from "./client_api.ts";
import type {
  ClientState,
  ConnectionState,
  Conversation,
  StoredMessage,
} from "./model/state.ts";
import { selectConversation, selectMessages } from "./model/selectors.ts";

const ClientContext = createContext<Client | null>(null);

/** Gives a client to the hooks below it. */
export function ClientProvider(props: { client: Client; children?: ReactNode }) {
  return createElement(ClientContext.Provider, { value: props.client }, props.children);
}

/** The client of the nearest `ClientProvider`. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("useClient needs a <ClientProvider client={...}> above it.");
  return client;
}

/**
 * What `selector` returns for the current state; renders again when that changes. A selector that
 * makes a new object each time needs `isEqual`, such as `isShallowEqual`.
 */
export function useSelect<Selected>(
  selector: (state: ClientState) => Selected,
  isEqual: (a: Selected, b: Selected) => boolean = Object.is,
): Selected {
  const client = useClient();
  const last = useRef<{ selected: Selected } | null>(null);
  const subscribe = useCallback(
    (listener: () => void) => client.subscribe((state) => state, listener),
    [client],
  );
  return useSyncExternalStore(subscribe, () => {
    const selected = selector(client.state);
    if (last.current && isEqual(last.current.selected, selected)) return last.current.selected;
    last.current = { selected };
    return selected;
  });
}

export function useConversation(id: string): Conversation | undefined {
  return useSelect(selectConversation(id));
}

/** The messages of the range around `seq` (default: the newest range), oldest first. */
export function useMessages(id: string, seq?: number): readonly StoredMessage[] {
  return useSelect(useMemo(() => selectMessages(id, seq), [id, seq]));
}

export function useConnection(): ConnectionState {
  return useSelect((state) => state.connection);
}

/** Whether two objects or arrays have the same members. */
export function isShallowEqual<T extends object>(a: T, b: T): boolean {
  if (Object.is(a, b)) return true;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([key, value]) => Object.is(value, (b as Record<string, unknown>)[key]))
  );
}
