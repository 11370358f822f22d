// The panels of the chat: what the shell shows beside or above a conversation.
import type { ComponentType } from "preact";
import type { ChatSession } from "../session.ts";
import { PAGES } from "./pages.tsx";

/** Where a panel was opened: in a conversation, at a message, about a person. */
export interface PanelPlace {
  conversation?: string;
  seq?: number;
  user?: string;
  /** Of a link that was opened. */
  code?: string;
  /** What to search for. */
  query?: string;
}

export interface PanelProps extends PanelPlace {
  session: ChatSession;
  close: () => void;
  /** Shows a conversation, at a message where one is named. */
  openConversation: (id: string, seq?: number) => void;
  /** Shows another panel instead. */
  openPanel: (name: PanelName, place?: PanelPlace) => void;
}

export interface Panel {
  title: () => string;
  /** "side": the third pane, or the whole screen of a phone. "dialog": a dialog of its own. */
  shown: "side" | "dialog";
  component: ComponentType<PanelProps>;
}

export type PanelName =
  | "people"
  | "person"
  | "new-group"
  | "join"
  | "invitations"
  | "group"
  | "members"
  | "policies"
  | "links"
  | "requests"
  | "sanctions"
  | "pins"
  | "threads"
  | "scheduled"
  | "held"
  | "search"
  | "explain"
  | "why"
  | "as-of"
  | "contact"
  | "session"
  | "settings";

export const PANELS: Partial<Record<PanelName, Panel>> = PAGES;
