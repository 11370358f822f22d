// What a person is to the user: a contact, asked, or blocked.
import type { Contact } from "@tidings/client";
import { useEffect } from "preact/hooks";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { useLoaded } from "../parts/loading.ts";

export interface Relation {
  contact: Contact | undefined;
  isBlocked: boolean;
  block: () => Promise<void>;
  unblock: () => Promise<void>;
}

export function useRelation(user: string): Relation {
  const { api, calls, client } = useHost();
  useEffect(() => void client.lists.contacts(), [client]);
  const contact = useSelect((state) => state.contacts.items.find((item) => item.user === user));
  const blocks = useLoaded(
    () => calls.ask(api.GET("/v1/blocks", { params: { query: calls.since } })),
    user,
  );
  const path = { params: { path: { user } } };
  return {
    contact,
    isBlocked: blocks.data?.users.includes(user) ?? false,
    block: async () => {
      await calls.ask(api.PUT("/v1/blocks/{user}", path));
      blocks.reload();
    },
    unblock: async () => {
      await calls.ask(api.DELETE("/v1/blocks/{user}", path));
      blocks.reload();
    },
  };
}
