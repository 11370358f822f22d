// Actions on messages.
import { unwrap } from "../api/create_api.ts";
import type { MessageBody } from "../api/schemas.ts";
import type { MessageActions, NewFile } from "../client_api.ts";
import type { components } from "../generated/api.ts";
import { rangeOf } from "../model/selectors.ts";
import type { MessageChange, NewMessage, OutboxItem, SendItem } from "../model/state.ts";
import { messageTypeOf } from "../outbox/uploader.ts";
import { loadHistory, loadMessage, loadPins } from "../sync/loads.ts";
import { randomId } from "../random_id.ts";
import { markStale, partKey } from "../sync/stale.ts";
import type { ActionContext } from "./context.ts";
import { nameOf } from "./files.ts";

const PAGE_MESSAGES = 50;

export function messageActions(context: ActionContext): MessageActions {
  const { api, holder } = context;
  const change = (id: string, seq: number, change: MessageChange) =>
    enqueueChange(context, id, seq, change);
  return {
    ...loadActions(context),
    send: (id, message) => enqueueMessage(context, id, message),
    sendText: (id, text, options) =>
      enqueueMessage(context, id, { ...options, type: "text", body: { text } }),
    sendFile: (id, file, options) => enqueueFile(context, id, file, options),
    schedule: (id, message, sendAt) => schedule(context, id, message, sendAt),
    async scheduleFile(id, file, sendAt, { name, type, body, ...more } = {}) {
      const options = { ...(name && { name }), ...(type && { type }) };
      const stored = await context.upload(file, options);
      const message = { ...more, type: messageTypeOf(stored.type) };
      const named = { ...body, file: stored.id } as MessageBody;
      await schedule(context, id, { ...message, body: named }, sendAt);
    },
    edit: (id, seq, body) => change(id, seq, { act: "edit", body }),
    recall: (id, seq) => change(id, seq, { act: "recall" }),
    react: (id, seq, key) => change(id, seq, { act: "react", key }),
    unreact: (id, seq, key) => change(id, seq, { act: "unreact", key }),
    async restore(id, seq) {
      const path = "/v1/conversations/{id}/messages/{seq}/restore";
      unwrap(await api.POST(path, { params: { path: { id, seq } } }));
    },
    async pin(id, seq) {
      const params = { path: { id, seq } };
      const { position } = unwrap(
        await api.PUT("/v1/conversations/{id}/pins/{seq}", { params }),
      );
      refreshPins(context, id, position);
    },
    async unpin(id, seq) {
      const params = { path: { id, seq } };
      const { position } = unwrap(
        await api.DELETE("/v1/conversations/{id}/pins/{seq}", { params }),
      );
      refreshPins(context, id, position);
    },
    async report(id, seq, reason, note) {
      const path = "/v1/conversations/{id}/messages/{seq}/reports";
      const body = note === undefined ? { reason } : { reason, note };
      unwrap(await api.POST(path, { params: { path: { id, seq } }, body }));
    },
    async receipts(id, seq) {
      const path = "/v1/conversations/{id}/messages/{seq}/receipts";
      return unwrap(await api.GET(path, { params: { path: { id, seq } } }));
    },
    async versions(id, seq) {
      const path = "/v1/conversations/{id}/messages/{seq}/history";
      return unwrap(await api.GET(path, { params: { path: { id, seq } } })).versions;
    },
    async search(q, options = {}) {
      return unwrap(await api.GET("/v1/search", { params: { query: { q, ...options } } }));
    },
    async loadPins(id) {
      context.touch(id);
      await loadPins(api, holder, id);
    },
  };
}

function loadActions(
  context: ActionContext,
): Pick<
  MessageActions,
  "loadLatest" | "loadOlder" | "loadNewer" | "loadAround" | "loadAtDate" | "load"
> {
  const { api, holder, touch } = context;
  const timeline = (id: string) => holder.state.timelines.get(id);
  return {
    async loadLatest(id, limit = PAGE_MESSAGES) {
      const known = timeline(id);
      touch(id, known?.headSeq);
      const range = rangeOf(known);
      const isShort = !range || (range.from > 1 && range.to - range.from + 1 < limit);
      const isEmpty = known?.atHead && known.ranges.length === 0;
      if (isShort && !isEmpty) await loadHistory(api, holder, id, { limit });
    },
    async loadOlder(id, seq, limit = PAGE_MESSAGES) {
      const range = rangeOf(timeline(id), seq);
      const before = range?.from ?? seq;
      touch(id, before);
      if (before === undefined) await loadHistory(api, holder, id, { limit });
      else if (before > 1) await loadHistory(api, holder, id, { before, limit });
    },
    async loadNewer(id, seq, limit = PAGE_MESSAGES) {
      const after = rangeOf(timeline(id), seq)?.to ?? seq;
      touch(id, after);
      await loadHistory(api, holder, id, { after, limit });
    },
    async loadAround(id, seq, limit = PAGE_MESSAGES) {
      touch(id, seq);
      await loadHistory(api, holder, id, { around: seq, limit });
    },
    loadAtDate: (id, date) => loadAtDate(context, id, date),
    async load(id, seq) {
      touch(id, seq);
      if (!timeline(id)?.messages.has(seq)) await loadMessage(api, holder, id, seq);
    },
  };
}

function refreshPins({ holder }: ActionContext, id: string, position: number): void {
  if (!holder.state.pins.has(id)) return;
  holder.update((state) => markStale(state, "parts", partKey("pins", id), position));
}

function enqueueMessage(
  { holder, outgoing }: ActionContext,
  conversationId: string,
  message: NewMessage,
): string {
  const item = newSend(conversationId, message, holder.state.outbox);
  outgoing.add(item);
  return item.id;
}

function enqueueFile(
  { holder, outgoing }: ActionContext,
  conversationId: string,
  file: Blob,
  options: NewFile = {},
): string {
  const { name = nameOf(file), type = file.type, body, ...more } = options;
  const message = {
    ...more,
    type: messageTypeOf(type),
    body: { ...body, name, mime: type, size: file.size } as MessageBody,
  };
  const item = newSend(conversationId, message, holder.state.outbox);
  const state = { fileId: null, sent: 0, isStored: false };
  const upload = { name, type, size: file.size, key: item.id, ...state };
  outgoing.add({ ...item, upload }, file);
  return item.id;
}

function newSend(
  conversationId: string,
  message: NewMessage,
  outbox: readonly OutboxItem[],
): SendItem {
  return {
    id: randomId(),
    kind: "send",
    conversationId,
    message,
    createdAt: nextTime(outbox),
    status: "queued",
    error: null,
    position: null,
    seq: null,
    sentAt: null,
  };
}

function enqueueChange(
  { holder, outgoing }: ActionContext,
  conversationId: string,
  seq: number,
  change: MessageChange,
): void {
  outgoing.add({
    id: randomId(),
    kind: "change",
    conversationId,
    seq,
    change,
    createdAt: nextTime(holder.state.outbox),
    status: "queued",
    error: null,
    position: null,
  });
}

/** Two items of one millisecond would lose their order in the store. */
function nextTime(outbox: readonly { createdAt: number }[]): number {
  return Math.max(Date.now(), (outbox.at(-1)?.createdAt ?? 0) + 1);
}

async function schedule(
  { api }: ActionContext,
  id: string,
  message: NewMessage,
  sendAt: Date,
): Promise<void> {
  const body = {
    ...message,
    client_message_id: randomId(),
    send_at: sendAt.toISOString(),
  } as components["schemas"]["SendRequest"];
  const params = { path: { id } };
  unwrap(await api.POST("/v1/conversations/{id}/messages", { params, body }));
}

/** Messages are in order of time, so the first one of a date is found by halving. */
async function loadAtDate(
  context: ActionContext,
  id: string,
  date: Date,
): Promise<number | null> {
  const { api, holder } = context;
  const newest = await loadHistory(api, holder, id, { limit: PAGE_MESSAGES });
  const head = Math.max(0, ...newest);
  const sentAt = (seq: number) => holder.state.timelines.get(id)?.messages.get(seq)?.sent_at;
  const isBefore = (seq: number) => Date.parse(sentAt(seq) ?? "") < date.getTime();
  if (head === 0 || isBefore(head)) return null;
  let [low, high] = [0, head];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const seqs = await loadHistory(api, holder, id, { after: middle - 1, limit: 1 });
    const seq = seqs[0] ?? high;
    if (seq >= high) high = middle;
    else if (isBefore(seq)) low = seq;
    else high = seq;
  }
  const [found] = await loadHistory(api, holder, id, { after: high - 1, limit: 1 });
  await loadHistory(api, holder, id, { around: found ?? head, limit: PAGE_MESSAGES });
  return found ?? head;
}

