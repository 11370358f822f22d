// Loads what apps ask for into the state.
import { unwrap, type Api } from "../api/create_api.ts";
import type { ServiceSession } from "../api/schemas.ts";
import type { StateHolder } from "../model/state_holder.ts";
import type { ClientState, ListName } from "../model/state.ts";
import { answerPosition } from "./answer.ts";
import {
  applyDetails,
  applyHistoryPage,
  applyMembers,
  applyPins,
  applyThread,
  coverage,
} from "./apply_page.ts";
import { positionOf } from "./cursor.ts";
import { markFresh } from "./stale.ts";

const LIST_ITEMS = 200;
const MEMBER_ITEMS = 200;

/**
 * Call it before a request; what it returns changes the state by the answer. An answer means
 * nothing if the history has changed meanwhile, or if the caller has left the conversation.
 */
export function beginLoad(
  holder: StateHolder,
  id?: string,
): (change: (state: ClientState) => ClientState) => void {
  const { epoch, conversations } = holder.state;
  const wasMember = id !== undefined && conversations.has(id);
  return (change) =>
    holder.update((state) => {
      const hasLeft = wasMember && !state.conversations.has(id);
      return state.epoch === epoch && !hasLeft ? change(state) : state;
    });
}

/**
 * What has been applied must be part of an answer, or the answer would take it back; and what the
 * caller has just done must be part of it too.
 */
export function minPosition(state: ClientState, needed = 0): { min_position: string } {
  return { min_position: `${Math.max(positionOf(state.cursor), state.written, needed)}` };
}

export type HistoryRequest =
  | { before: number; limit: number }
  | { after: number; limit: number }
  | { around: number; limit: number }
  | { limit: number };

/** Loads a page of history. Returns the seqs of its messages. */
export async function loadHistory(
  api: Api,
  holder: StateHolder,
  id: string,
  request: HistoryRequest,
): Promise<number[]> {
  const update = beginLoad(holder, id);
  const answer = await api.GET("/v1/conversations/{id}/messages", {
    params: { path: { id }, query: { ...request, ...minPosition(holder.state) } },
  });
  const { messages, has_more } = unwrap(answer);
  const position = answerPosition(answer.response);
  const seqs = messages.map((message) => message.seq);
  const covered =
    "around" in request ? coverageAround(seqs) : coverage(messages, has_more, request);
  update((state) =>
    applyHistoryPage(state, id, { messages, position, ...covered }),
  );
  return seqs;
}

/** Either side may have more. */
function coverageAround(seqs: readonly number[]) {
  if (seqs.length === 0) return { covers: null, headSeq: null };
  return { covers: { from: Math.min(...seqs), to: Math.max(...seqs) }, headSeq: null };
}

export async function loadMessage(
  api: Api,
  holder: StateHolder,
  id: string,
  seq: number,
): Promise<void> {
  const update = beginLoad(holder, id);
  const params = { path: { id, seq }, query: minPosition(holder.state) };
  const answer = await api.GET("/v1/conversations/{id}/messages/{seq}", { params });
  const messages = [unwrap(answer)];
  const position = answerPosition(answer.response);
  const covers = { from: seq, to: seq };
  update((state) =>
    applyHistoryPage(state, id, { messages, position, covers, headSeq: null }),
  );
}

export async function loadDetails(
  api: Api,
  holder: StateHolder,
  id: string,
  needed = 0,
): Promise<void> {
  const update = beginLoad(holder, id);
  const { conversations } = holder.state;
  const least = Math.max(needed, conversations.get(id)?.position ?? 0);
  const params = { path: { id }, query: minPosition(holder.state, least) };
  const answer = await api.GET("/v1/conversations/{id}", { params });
  const details = unwrap(answer);
  const position = answerPosition(answer.response);
  update((state) => applyDetails(state, details, position));
}

/** Loads the first members; `loadMoreMembers` continues. */
export async function loadMembers(
  api: Api,
  holder: StateHolder,
  id: string,
  needed = 0,
): Promise<void> {
  await loadMemberPage(api, holder, id, needed, undefined);
}

export async function loadMemberPage(
  api: Api,
  holder: StateHolder,
  id: string,
  needed: number,
  after: string | undefined,
): Promise<void> {
  const update = beginLoad(holder, id);
  const query = {
    limit: MEMBER_ITEMS,
    ...minPosition(holder.state, needed),
    ...(after === undefined ? {} : { after }),
  };
  const params = { path: { id }, query };
  const answer = await api.GET("/v1/conversations/{id}/members", { params });
  const { members, next } = unwrap(answer);
  const page = {
    members,
    next,
    position: answerPosition(answer.response),
    isFirst: after === undefined,
  };
  update((state) => applyMembers(state, id, page));
}

export async function loadPins(
  api: Api,
  holder: StateHolder,
  id: string,
  needed = 0,
): Promise<void> {
  const update = beginLoad(holder, id);
  const query = { limit: 100, ...minPosition(holder.state, needed) };
  const params = { path: { id }, query };
  const answer = await api.GET("/v1/conversations/{id}/pins", { params });
  const { messages } = unwrap(answer);
  const position = answerPosition(answer.response);
  update((state) => applyPins(state, id, messages, position));
}

/** Loads the newest replies of a thread, or those before a seq. */
export async function loadThread(
  api: Api,
  holder: StateHolder,
  id: string,
  root: number,
  before?: number,
): Promise<void> {
  const update = beginLoad(holder, id);
  const end = before ?? Number.MAX_SAFE_INTEGER;
  const query = { before: end, ...minPosition(holder.state) };
  const params = { path: { id, seq: root }, query };
  const answer = await api.GET("/v1/conversations/{id}/messages/{seq}/thread", { params });
  const thread = unwrap(answer);
  const page = { ...thread, hasOlder: thread.has_more, position: answerPosition(answer.response) };
  update((state) => applyThread(state, id, page));
}

/** Loads a list from its beginning. */
export async function loadList(
  api: Api,
  holder: StateHolder,
  name: ListName,
  needed = 0,
): Promise<void> {
  const update = beginLoad(holder);
  const query = { limit: LIST_ITEMS, ...minPosition(holder.state, needed) };
  const { items, response } = await fetchList(api, name, query);
  const position = answerPosition(response);
  update((state) =>
    markFresh({ ...state, [name]: { items, loaded: true } }, "lists", name, position),
  );
}

async function fetchList(
  api: Api,
  name: ListName,
  query: { limit: number; min_position: string },
): Promise<{ items: readonly unknown[]; response: Response }> {
  const params = { params: { query } };
  switch (name) {
    case "contacts": {
      const answer = await api.GET("/v1/contacts", params);
      return { items: unwrap(answer).contacts, response: answer.response };
    }
    case "invitations": {
      const answer = await api.GET("/v1/invitations", params);
      return { items: unwrap(answer).invitations, response: answer.response };
    }
    case "held": {
      const answer = await api.GET("/v1/held", params);
      return { items: unwrap(answer).held, response: answer.response };
    }
    case "scheduled": {
      const answer = await api.GET("/v1/scheduled", params);
      return { items: unwrap(answer).scheduled, response: answer.response };
    }
    case "followedThreads": {
      const answer = await api.GET("/v1/threads", params);
      return { items: unwrap(answer).threads, response: answer.response };
    }
    case "desks": {
      const answer = await api.GET("/v1/desks", params);
      return { items: unwrap(answer).desks, response: answer.response };
    }
    case "sessions": {
      const answer = await api.GET("/v1/service-sessions", params);
      return { items: unwrap(answer).sessions, response: answer.response };
    }
    case "waiting":
      return fetchWaiting(api, query);
  }
}

/** The sessions that wait at any desk of which the caller is an agent. */
async function fetchWaiting(
  api: Api,
  query: { limit: number; min_position: string },
): Promise<{ items: readonly ServiceSession[]; response: Response }> {
  const answer = await api.GET("/v1/desks", { params: { query } });
  const own = unwrap(answer).desks.filter((desk) => desk.is_agent);
  const queues = own.map(async ({ id: desk }) => {
    const params = { path: { desk }, query: { ...query, state: "waiting" as const } };
    return unwrap(await api.GET("/v1/desks/{desk}/sessions", { params })).sessions;
  });
  const items = (await Promise.all(queues)).flat();
  items.sort((one, other) => Date.parse(one.opened_at) - Date.parse(other.opened_at));
  return { items, response: answer.response };
}
