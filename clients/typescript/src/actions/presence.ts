// Actions on presence and typing.
import type { OutboxActions, PresenceActions } from "../client_api.ts";
import type { FileBytes } from "../outbox/file_bytes.ts";
import type { ActionContext } from "./context.ts";

/** The server passes on one notice in this time. */
const TYPING_EVERY_MS = 3_000;
const GATHER_MS = 50;
const WATCHED_USERS = 500;

export function presenceActions({ outgoing }: ActionContext): PresenceActions {
  const watches = new Set<readonly string[]>();
  const typedAt = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      const users = [...new Set([...watches].flat())];
      outgoing.watch(users.slice(0, WATCHED_USERS));
    }, GATHER_MS);
  };
  return {
    watch(users) {
      const watch = [...users];
      watches.add(watch);
      changed();
      return () => {
        if (watches.delete(watch)) changed();
      };
    },
    typing(id) {
      const now = Date.now();
      if (now - (typedAt.get(id) ?? 0) < TYPING_EVERY_MS) return;
      typedAt.set(id, now);
      outgoing.frame({ type: "typing", conversation_id: id });
    },
    typingStopped(id) {
      if (typedAt.delete(id)) outgoing.frame({ type: "typing_stopped", conversation_id: id });
    },
  };
}

export function outboxActions({ outgoing }: ActionContext, bytes: FileBytes): OutboxActions {
  return {
    retry: (id) => outgoing.retry(id),
    discard: (id) => outgoing.discard(id),
    file: (id) => bytes.find(id),
  };
}
