// What a person is to the user: a contact, asked, or blocked.
import type { Contact } from "@tidings/client";
import { type Host, useHost } from "../host.ts";
import { useLongList } from "../parts/client_lists.ts";
import { useLoaded } from "../parts/loading.ts";

export interface Relation {
  contact: Contact | undefined;
  isBlocked: boolean;
  block: () => Promise<void>;
  unblock: () => Promise<void>;
}

export function useRelation(user: string): Relation {
  const host = useHost();
  const { api, calls } = host;
  const find = async () => ({ rows: await findContact(host, user), next: null });
  const contacts = useLongList("contacts", find, user);
  const blocks = useLoaded(
    () => calls.ask(api.GET("/v1/blocks", { params: { query: calls.since } })),
    user,
  );
  const path = { params: { path: { user } } };
  return {
    contact: contacts.rows[0],
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

const PAGE = 200;

/** Nothing asks for one contact, so all of them are looked through. */
async function findContact({ api, calls }: Host, user: string): Promise<Contact[]> {
  let after: string | undefined;
  for (;;) {
    const query = { after, limit: PAGE, ...calls.since };
    const page = await calls.ask(api.GET("/v1/contacts", { params: { query } }));
    const found = page.contacts.filter((contact) => contact.user === user);
    if (found.length > 0 || page.next === null) return found;
    after = page.next;
  }
}
