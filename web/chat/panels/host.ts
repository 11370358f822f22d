// What the panels need from the page around them, and which panel can be opened.
import { createContext } from "preact";
import { useContext, useEffect } from "preact/hooks";
import type { Client } from "openapi-fetch";
import type { paths } from "@tidings/client";
import type { Calls, Schemas } from "./calls.ts";

/** A panel, with what it shows. */
export type Target =
  | { panel: "people" }
  | { panel: "person"; user: string }
  | { panel: "own" }
  | { panel: "new"; way?: "direct" | "group" | "join"; code?: string }
  | { panel: "invitations" }
  | { panel: "details" | "members" | "links" | "requests"; conversation: string }
  | { panel: "sanctions" | "policies" | "pins" | "badge"; conversation: string }
  | { panel: "search"; conversation?: string }
  | { panel: "scheduled" }
  | { panel: "held" }
  | { panel: "threads" }
  | { panel: "why"; conversation: string; seq: number }
  | { panel: "past"; user?: string };

export interface Host {
  me: string;
  /** Whether the token has the scope of administrators. */
  isAdmin: boolean;
  api: Client<paths>;
  calls: Calls;
  /** Calls the listener for every entry that arrives, until the returned function is called. */
  onEntry(listener: (type: string, conversation: string | null) => void): () => void;
  /** The title or the name of the other person, from what the page knows. */
  conversationName(id: string): string | null;
  /** What the page knows about a person; null if nothing yet, and then it asks. */
  person(user: string): Schemas["UserProfile"] | null;
  onPeople(listener: () => void): () => void;
  /** Shows a conversation, at a message if a seq is given. */
  openConversation(id: string, seq?: number): void;
  openThread(conversation: string, root: number): void;
  /** Shows another panel, to which "back" returns. */
  open(target: Target): void;
  back(): void;
  close(): void;
  signOut(): void;
  /** Takes the token that a change of password gave. */
  takeToken(token: string): void;
}

export const HostContext = createContext<Host | null>(null);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error("A panel is shown outside of a page with panels.");
  return host;
}

/** Runs something when an entry of one of these types arrives, about this conversation if given. */
export function useEntries(types: readonly string[], run: () => void, conversation?: string) {
  const host = useHost();
  useEffect(
    () =>
      host.onEntry((type, about) => {
        const isAbout = conversation === undefined || about === conversation || about === null;
        if (isAbout && types.includes(type)) run();
      }),
    [host, conversation, run],
  );
}
