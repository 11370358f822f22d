// Actions on threads and on the lists of the state.
import { unwrap } from "../api/create_api.ts";
import type { ListActions, ThreadActions } from "../client_api.ts";
import { threadKey } from "../model/selectors.ts";
import { loadList, loadThread } from "../sync/loads.ts";
import type { ActionContext } from "./context.ts";

export function threadActions({ api, holder, touch }: ActionContext): ThreadActions {
  return {
    async load(id, root) {
      touch(id);
      await loadThread(api, holder, id, root);
    },
    async loadOlder(id, root) {
      const first = holder.state.threads.get(threadKey(id, root))?.seqs[0];
      await loadThread(api, holder, id, root, first);
    },
    async follow(id, root) {
      const path = "/v1/conversations/{id}/messages/{seq}/thread/follow";
      unwrap(await api.PUT(path, { params: { path: { id, seq: root } } }));
    },
    async unfollow(id, root) {
      const path = "/v1/conversations/{id}/messages/{seq}/thread/follow";
      unwrap(await api.DELETE(path, { params: { path: { id, seq: root } } }));
    },
    async markRead(id, root, upTo) {
      const path = "/v1/conversations/{id}/messages/{seq}/thread/read";
      const params = { path: { id, seq: root } };
      unwrap(await api.POST(path, { params, body: { up_to: upTo } }));
    },
  };
}

export function listActions({ api, holder }: ActionContext): ListActions {
  return {
    contacts: () => loadList(api, holder, "contacts"),
    invitations: () => loadList(api, holder, "invitations"),
    held: () => loadList(api, holder, "held"),
    scheduled: () => loadList(api, holder, "scheduled"),
    followedThreads: () => loadList(api, holder, "followedThreads"),
    desks: () => loadList(api, holder, "desks"),
    sessions: () => loadList(api, holder, "sessions"),
    waiting: () => loadList(api, holder, "waiting"),
  };
}
