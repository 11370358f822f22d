// Actions on conversations and their members.
import { unwrap } from "../api/create_api.ts";
import type { ChangeRequest } from "../api/schemas.ts";
import type { ConversationActions, MemberActions } from "../client_api.ts";
import { loadDetails, loadMemberPage, loadMembers } from "../sync/loads.ts";
import { markStale } from "../sync/stale.ts";
import type { ActionContext } from "./context.ts";

/** A new conversation arrives as an entry; if that takes longer, its row is fetched. */
const ARRIVAL_MS = 3_000;

export function conversationActions(context: ActionContext): ConversationActions {
  const { api, holder, outgoing, touch } = context;
  const change = async (id: string, body: ChangeRequest) => {
    unwrap(await api.PATCH("/v1/conversations/{id}", { params: { path: { id } }, body }));
  };
  return {
    ...joinActions(context),
    async create(conversation) {
      const created = unwrap(await api.POST("/v1/conversations", { body: conversation }));
      await arrival(context, created.id, created.position);
      return created;
    },
    async openDirect(user) {
      for (const row of holder.state.conversations.values()) {
        if (row.kind === "direct" && row.peer === user) return row.id;
      }
      const body = { kind: "direct" as const, members: [user] };
      const { id, position } = unwrap(await api.POST("/v1/conversations", { body }));
      await arrival(context, id, position);
      return id;
    },
    async load(id) {
      touch(id);
      await loadDetails(api, holder, id);
    },
    change,
    async setAvatar(id, picture) {
      const avatar = picture && (await context.upload(picture)).id;
      await change(id, { avatar });
    },
    async setPreferences(id, preferences) {
      const params = { path: { id } };
      const path = "/v1/conversations/{id}/preferences";
      unwrap(await api.PATCH(path, { params, body: preferences }));
    },
    markRead(id, upTo) {
      const row = holder.state.conversations.get(id);
      const newest = holder.state.timelines.get(id)?.headSeq ?? 0;
      outgoing.read(id, upTo ?? Math.max(newest, row?.lastMessage?.seq ?? 0));
    },
    async markUnreadFrom(id, seq) {
      const body = { unread_from: seq };
      const params = { path: { id } };
      unwrap(await api.POST("/v1/conversations/{id}/read", { params, body }));
    },
    async clear(id, upTo) {
      const body = { up_to: upTo };
      unwrap(await api.POST("/v1/conversations/{id}/clear", { params: { path: { id } }, body }));
    },
    async explainUnread(id) {
      const params = { path: { conversation: id } };
      return unwrap(await api.GET("/v1/inbox/unread/{conversation}/explain", { params }));
    },
  };
}

function joinActions(
  context: ActionContext,
): Pick<ConversationActions, "join" | "joinByLink" | "leave"> {
  const { api, holder } = context;
  return {
    async join(id, note) {
      const body = note === undefined ? {} : { note };
      const params = { path: { id } };
      const { state, position } = unwrap(
        await api.POST("/v1/conversations/{id}/join", { params, body }),
      );
      if (state === "joined") await arrival(context, id, position);
      return state;
    },
    async joinByLink(code) {
      const joined = unwrap(await api.POST("/v1/links/{code}", { params: { path: { code } } }));
      await arrival(context, joined.conversation_id, joined.position);
      return joined.conversation_id;
    },
    async leave(id) {
      const params = { path: { id, user: holder.state.me } };
      unwrap(await api.DELETE("/v1/conversations/{id}/members/{user}", { params }));
    },
  };
}

export function memberActions({ api, holder, touch }: ActionContext): MemberActions {
  return {
    async load(id, after) {
      touch(id);
      if (after === undefined) await loadMembers(api, holder, id);
      else await loadMemberPage(api, holder, id, 0, after);
    },
    async add(id, users, role) {
      const params = { path: { id } };
      const body = role === undefined ? { members: users } : { members: users, role };
      return unwrap(await api.POST("/v1/conversations/{id}/members", { params, body }));
    },
    async remove(id, user) {
      const params = { path: { id, user } };
      unwrap(await api.DELETE("/v1/conversations/{id}/members/{user}", { params }));
    },
  };
}

async function arrival(
  { holder }: ActionContext,
  id: string,
  position: number,
): Promise<void> {
  const isHere = () => holder.state.conversations.has(id);
  try {
    await holder.waitFor(isHere, { timeoutMs: ARRIVAL_MS });
  } catch {
    holder.update((state) => markStale(state, "rows", id, position));
    await holder.waitFor(isHere, { timeoutMs: ARRIVAL_MS }).catch(() => undefined);
  }
}
