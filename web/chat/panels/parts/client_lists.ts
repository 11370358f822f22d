// Lists that the client loads when they are asked for, and then keeps up to date.
import type { ClientState } from "@tidings/client";
import { useEffect, useRef } from "preact/hooks";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { type Page, type Pages, useLoaded, usePages } from "./loading.ts";

type ListName = "contacts" | "invitations" | "held" | "scheduled" | "followedThreads";

/** A list of the client, as rows on one page. */
export function useClientList<Name extends ListName>(
  name: Name,
): Pages<ClientState[Name]["items"][number]> {
  const { client } = useHost();
  const asked = useLoaded(() => client.lists[name](), name);
  const { items, loaded } = useSelect((state) => state[name]);
  return {
    rows: items.slice(),
    error: loaded ? null : asked.error,
    isLoading: !loaded && asked.isLoading,
    hasMore: false,
    more: asked.reload,
    reload: asked.reload,
  };
}

/**
 * Pages of a list of which the client has only the beginning. They are loaded again when that
 * beginning changes.
 */
export function useLongList<Row>(
  name: ListName,
  load: (after: string | undefined) => Promise<Page<Row>>,
  key: string,
): Pages<Row> {
  const { client } = useHost();
  const beginning = useSelect((state) => state[name].items);
  const pages = usePages(load, key);
  const isFirst = useRef(true);
  useEffect(() => {
    // Without an answer, the list is not kept up to date; the pages say what is wrong.
    client.lists[name]().catch(() => undefined);
  }, [client, name]);
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else pages.reload();
  }, [beginning]);
  return pages;
}
