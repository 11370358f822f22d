// The bytes of files as addresses that the page can show. They need the token, so the page fetches
// them; each is kept as long as something shows it, and a few of the latest a little longer.
import { ApiError, type Client } from "@tidings/client";
import { useEffect, useReducer, useState } from "preact/hooks";
import { useSession } from "../session.ts";

export type PreviewSize = 256 | 1024;

export interface ShownFile {
  /** Null until the bytes have arrived. */
  url: string | null;
  /** Why they do not arrive. */
  error: "gone" | "failed" | null;
  /** How many bytes have arrived. */
  received: number;
  reload: () => void;
}

interface Entry {
  url: string | null;
  error: ShownFile["error"];
  received: number;
  users: number;
  readonly controller: AbortController;
  readonly listeners: Set<() => void>;
}

const MOST_UNUSED = 30;

/** By file and size; those that were used last are at the end. */
const entries = new Map<string, Entry>();

/** Loads a file while the component is there. `null`: nothing yet. */
export function useFileUrl(file: string | null, preview?: PreviewSize): ShownFile {
  const { client } = useSession();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [attempt, setAttempt] = useState(0);
  const key = file === null ? null : `${file} ${preview ?? "all"}`;
  useEffect(() => {
    if (key === null || file === null) return;
    const entry = acquire(key, client, file, preview);
    const listener = () => redraw(undefined);
    entry.listeners.add(listener);
    listener();
    return () => {
      entry.listeners.delete(listener);
      release(key, entry);
    };
  }, [key, attempt]);
  const entry = key === null ? undefined : entries.get(key);
  return {
    url: entry?.url ?? null,
    error: entry?.error ?? null,
    received: entry?.received ?? 0,
    reload: () => setAttempt(attempt + 1),
  };
}

/** Nothing of one user is shown to the next one. */
export function forgetFiles(): void {
  for (const [key, entry] of entries) remove(key, entry);
}

function acquire(key: string, client: Client, file: string, preview?: PreviewSize): Entry {
  const known = entries.get(key);
  if (known !== undefined && known.error === null) {
    known.users += 1;
    return known;
  }
  if (known !== undefined) remove(key, known);
  const entry: Entry = {
    ...{ url: null, error: null, received: 0, users: 1 },
    ...{ controller: new AbortController(), listeners: new Set<() => void>() },
  };
  entries.set(key, entry);
  const tell = () => entry.listeners.forEach((listener) => listener());
  client
    .download(file, {
      ...(preview !== undefined && { preview }),
      signal: entry.controller.signal,
      onProgress: (received) => {
        entry.received = received;
        tell();
      },
    })
    .then(
      (blob) => {
        if (!entry.controller.signal.aborted) entry.url = URL.createObjectURL(blob);
      },
      (error: unknown) => {
        entry.error = error instanceof ApiError && error.status === 404 ? "gone" : "failed";
      },
    )
    .finally(tell);
  return entry;
}

function release(key: string, entry: Entry): void {
  entry.users -= 1;
  if (entry.users > 0 || entries.get(key) !== entry) return;
  // What has not arrived yet is not wanted any more, as when the reader scrolls past.
  if (entry.url === null) return remove(key, entry);
  entries.delete(key);
  entries.set(key, entry);
  const unused = [...entries].filter(([, { users }]) => users === 0);
  for (const [old, each] of unused.slice(0, -MOST_UNUSED)) remove(old, each);
}

function remove(key: string, entry: Entry): void {
  entries.delete(key);
  entry.controller.abort();
  if (entry.url !== null) URL.revokeObjectURL(entry.url);
}
