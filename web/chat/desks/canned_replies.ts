// Canned replies: texts that an agent uses often. They stay in the browser of the agent.
import { useEffect, useState } from "preact/hooks";

const PREFIX = "tidings.replies.";
export const MOST_REPLIES = 100;
const listeners = new Set<() => void>();

export function readReplies(user: string): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(PREFIX + user) ?? "[]");
    return Array.isArray(stored) ? stored.filter((text) => typeof text === "string") : [];
  } catch {
    return [];
  }
}

function writeReplies(user: string, replies: readonly string[]): void {
  localStorage.setItem(PREFIX + user, JSON.stringify(replies));
  for (const listener of listeners) listener();
}

/** Adds a reply unless it is there. */
export function addReply(user: string, text: string): void {
  const others = readReplies(user).filter((other) => other !== text);
  writeReplies(user, [...others, text].slice(-MOST_REPLIES));
}

export function removeReply(user: string, text: string): void {
  writeReplies(user, readReplies(user).filter((other) => other !== text));
}

export function useReplies(user: string): string[] {
  const [replies, setReplies] = useState(() => readReplies(user));
  useEffect(() => {
    const listener = () => setReplies(readReplies(user));
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [user]);
  return replies;
}

/** Puts a text into the field of the open conversation, where the caret is. */
export function insertReply(text: string): void {
  const field = document.querySelector<HTMLTextAreaElement>(".main-pane .composer-field");
  if (field === null) return;
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
