// What has been written and not sent, by conversation and thread. It survives a reload.
import { useEffect, useState } from "preact/hooks";

const PREFIX = "tidings.draft.";
const listeners = new Set<(key: string) => void>();

export function draftKey(conversation: string, thread: number | null = null): string {
  return thread === null ? conversation : `${conversation}/${thread}`;
}

export function readDraft(key: string): string {
  return localStorage.getItem(PREFIX + key) ?? "";
}

export function writeDraft(key: string, text: string): void {
  if (text === "") localStorage.removeItem(PREFIX + key);
  else localStorage.setItem(PREFIX + key, text);
  for (const listener of listeners) listener(key);
}

/** Another user of this browser must not see them. */
export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
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
