// Actions of customers and agents at service desks.
import { unwrap } from "../api/create_api.ts";
import type { DeskActions } from "../client_api.ts";
import type { ListName } from "../model/state.ts";
import { loadList } from "../sync/loads.ts";
import type { ActionContext } from "./context.ts";

export function deskActions({ api, holder }: ActionContext): DeskActions {
  const loadAgain = async (): Promise<void> => {
    const names: ListName[] = ["sessions", "waiting"];
    const loaded = names.filter((name) => holder.state[name].loaded);
    await Promise.all(loaded.map((name) => loadList(api, holder, name)));
  };
  return {
    async open(desk, first = {}) {
      const params = { path: { desk } };
      const { text, custom } = first;
      const body = {
        ...(text !== undefined && { text }),
        ...(custom !== undefined && { custom: custom as Record<string, never> }),
      };
      const opened = unwrap(await api.POST("/v1/desks/{desk}/sessions", { params, body }));
      await loadAgain();
      return opened;
    },
    async load(id) {
      const params = { path: { id }, query: { min_position: `${holder.state.written}` } };
      return unwrap(await api.GET("/v1/service-sessions/{id}", { params }));
    },
    async accept(id) {
      const params = { path: { id } };
      const answer = await api.POST("/v1/service-sessions/{id}/accept", { params });
      // A session that another agent has is no longer in the queue.
      await loadAgain();
      unwrap(answer);
    },
    async transfer(id, to, note) {
      const params = { path: { id } };
      const body = { ...to, ...(note !== undefined && { note }) };
      unwrap(await api.POST("/v1/service-sessions/{id}/transfer", { params, body }));
      await loadAgain();
    },
    async close(id, reason) {
      const params = { path: { id } };
      const body = reason === undefined ? {} : { reason };
      unwrap(await api.POST("/v1/service-sessions/{id}/close", { params, body }));
      await loadAgain();
    },
    async note(id, text) {
      const params = { path: { id } };
      unwrap(await api.POST("/v1/service-sessions/{id}/notes", { params, body: { text } }));
    },
    async tag(id, tags) {
      const params = { path: { id } };
      unwrap(await api.POST("/v1/service-sessions/{id}/tags", { params, body: { tags } }));
      await loadAgain();
    },
    async rate(id, score, text) {
      const params = { path: { id } };
      const body = { score, ...(text !== undefined && { text }) };
      unwrap(await api.POST("/v1/service-sessions/{id}/rating", { params, body }));
      await loadAgain();
    },
  };
}
