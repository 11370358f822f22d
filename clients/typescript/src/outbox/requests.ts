// The requests of the outbox. Each carries a key, so that repeating it does nothing twice.
import { unwrap, type Api } from "../api/create_api.ts";
import { ApiError } from "../api/problem.ts";
import type { ChangeItem, OutboxItem, SendItem } from "../model/state.ts";
import type { components } from "../generated/api.ts";

/** What the server says about a stored item. */
export interface Stored {
  readonly position: number;
  readonly seq: number | null;
  readonly sentAt: string | null;
  /** The item needs no entry to be complete: a moderator has to release the message first. */
  readonly isHeld: boolean;
  /** Words of it were replaced by asterisks. */
  readonly isMasked: boolean;
}

export function postItem(api: Api, item: OutboxItem): Promise<Stored> {
  return item.kind === "send" ? postMessage(api, item) : postChange(api, item);
}

async function postMessage(api: Api, item: SendItem): Promise<Stored> {
  const { type, body, reply_to, thread, mentions } = item.message;
  const request = {
    client_message_id: item.id,
    type,
    body,
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(thread === undefined ? {} : { thread }),
    ...(mentions === undefined ? {} : { mentions: [...mentions] }),
  } as components["schemas"]["SendRequest"];
  const answer = unwrap(
    await api.POST("/v1/conversations/{id}/messages", {
      params: { path: { id: item.conversationId } },
      body: request,
    }),
  );
  if ("seq" in answer) {
    const { position, seq, sent_at: sentAt, masked: isMasked = false } = answer;
    return { position, seq, sentAt, isHeld: false, isMasked };
  }
  return { position: 0, seq: null, sentAt: null, isHeld: true, isMasked: false };
}

async function postChange(api: Api, item: ChangeItem): Promise<Stored> {
  const { change, conversationId: id, seq } = item;
  const headers = { "Idempotency-Key": item.id };
  const params = { path: { id, seq }, header: headers };
  const options = { params, headers };
  let position: number;
  switch (change.act) {
    case "edit": {
      const path = "/v1/conversations/{id}/messages/{seq}";
      ({ position } = unwrap(await api.PUT(path, { ...options, body: { body: change.body } })));
      break;
    }
    case "recall":
      ({ position } = unwrap(
        await api.DELETE("/v1/conversations/{id}/messages/{seq}", options),
      ));
      break;
    case "react":
    case "unreact": {
      const path = "/v1/conversations/{id}/messages/{seq}/reactions/{key}";
      const reaction = { params: { path: { id, seq, key: change.key } }, headers };
      const call = change.act === "react" ? api.PUT : api.DELETE;
      ({ position } = unwrap(await call(path, reaction)));
      break;
    }
  }
  if (!Number.isInteger(position)) throw new ApiError({ code: "unreadable" }, 502, null);
  return { position, seq, sentAt: null, isHeld: false, isMasked: false };
}
