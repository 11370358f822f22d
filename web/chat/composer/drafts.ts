// What has been written and not sent, by conversation and thread. It survives a reload.
import { useEffect, useState } from "preact/hooks";

const PREFIX = "tidings.draft.";
const listeners = new Set<(key: string) => void>();

export function draftKey(user: string, conversation: string, thread: number | null = null): string {
  return [user, conversation, ...(thread === null ? [] : [thread])].map(encodePart).join("/");
}

function encodePart(part: string | number): string {
  return encodeURIComponent(part);
}

export function readDraft(key: string): string {
  return localStorage.getItem(PREFIX + key) ?? "";
}

export function writeDraft(key: string, text: string): void {
  if (text === "") localStorage.removeItem(PREFIX + key);
  else localStorage.setItem(PREFIX + key, text);
  for (const listener of listeners) listener(key);
}

/** Removes what a user who signs out has not sent. */
export function forgetDrafts(user: string): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(`${PREFIX}${encodePart(user)}/`)) localStorage.removeItem(key);
  }
}

export function useDraft(key: string): string {
  const [text, setText] = useState(() => readDraft(key));
  useEffect(() => {
    setText(readDraft(key));
    const listener = (changed: string) => {
      if (changed === key) setText(readDraft(key));
    };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [key]);
  return text;
}
