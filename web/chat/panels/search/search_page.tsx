// Searches within and across conversations. The text of the query is what is searched; the filters
// beside it write operators into it.
import type { Hit } from "@tidings/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { ChoiceField } from "../parts/fields.tsx";
import { Frame } from "../parts/frame.tsx";
import { Failed } from "../parts/list.tsx";
import { useLoaded } from "../parts/loading.ts";
import { MessageRow, useConversationName } from "../parts/message.tsx";
import { SearchField, useSettled } from "../parts/search_field.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/search.ts";
import { SearchFilters } from "./filters.tsx";
import { SearchHelp } from "./help.tsx";
import { cutExcerpt } from "./highlights.ts";
import { isSearchable, MAX_QUERY, writeOperator } from "./query.ts";

type Sort = "relevance" | "newest";

// The search stays while a reader looks at hits, and comes back to them.
let lastQuery = "";

interface SearchPageProps {
  conversation?: string | undefined;
  query?: string | undefined;
}

export function SearchPage({ conversation, query: asked }: SearchPageProps) {
  const [query, setQuery] = useState(() => startOf(conversation, asked));
  const [sort, setSort] = useState<Sort>("relevance");
  const input = useRef<HTMLInputElement>(null);
  const wanted = useSettled(query.trim());
  useEffect(() => void (lastQuery = query), [query]);
  useEffect(() => input.current?.focus(), []);
  const change = (next: string) => {
    setQuery(next);
    input.current?.focus();
  };
  const head = (
    <>
      <SearchField
        label={t("search")}
        hint={t("hint")}
        value={query}
        change={setQuery}
        input={input}
        maxLength={MAX_QUERY}
      />
      <SearchFilters query={query} change={setQuery} />
    </>
  );
  return (
    <Frame head={head}>
      {wanted === "" && <SearchHelp choose={change} />}
      {wanted !== "" && !isSearchable(wanted) && (
        <p class="panel-empty">{t("unsearchable")}</p>
      )}
      {isSearchable(wanted) && <Hits query={wanted} sort={sort} changeSort={setSort} />}
    </Frame>
  );
}

function startOf(conversation: string | undefined, asked: string | undefined): string {
  if (asked !== undefined) return asked;
  if (conversation === undefined) return lastQuery;
  return `${writeOperator(lastQuery, "in", conversation)} `;
}

interface HitsProps {
  query: string;
  sort: Sort;
  changeSort: (sort: Sort) => void;
}

function Hits({ query, sort, changeSort }: HitsProps) {
  const found = useHits(query, sort);
  const { page, hits } = found;
  return (
    <div class="panel-list" aria-busy={found.isLoading}>
      {found.error !== null && <Failed error={found.error} retry={found.retry} />}
      {page?.notes?.map((note) => (
        <p key={note} class="notice warning" lang="en">
          {note}
        </p>
      ))}
      <div class="search-summary">
        <p role="status" class="soft">
          {page === null ? common("loading") : describeTotal(page)}
        </p>
        <ChoiceField
          label={t("sort")}
          value={sort}
          choices={[
            { value: "relevance", label: t("relevance") },
            { value: "newest", label: t("newest") },
          ]}
          change={changeSort}
        />
      </div>
      {page !== null && hits.length === 0 && <p class="panel-empty">{t("nothingHint")}</p>}
      <ul aria-label={t("results")}>
        {hits.map((hit) => (
          <HitRow key={`${hit.conversation_id}/${hit.seq}`} hit={hit} />
        ))}
      </ul>
      {found.more && (
        <button
          type="button"
          class="button panel-more"
          disabled={found.isLoading}
          onClick={found.more}
        >
          {common("loadMore")}
        </button>
      )}
    </div>
  );
}

interface SearchAnswer {
  total: number;
  total_is_exact: boolean;
  took_ms: number;
  notes?: string[] | undefined;
}

function describeTotal({ total, total_is_exact, took_ms }: SearchAnswer): string {
  const found = t(total_is_exact ? "found" : "foundMany", { count: total });
  const took = t("tookMs", { ms: Math.round(took_ms) });
  return `${total === 0 ? t("nothing") : found} ${took}`;
}

/** The pages after the first one. */
interface FurtherHits {
  key: string;
  hits: Hit[];
  next: string | null;
}

function useHits(query: string, sort: Sort) {
  const { client } = useHost();
  const [pages, setPages] = useState<FurtherHits | null>(null);
  const key = `${sort} ${query}`;
  const first = useLoaded(() => client.messages.search(query, { sort }), key);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const [moreError, setMoreError] = useState<unknown>(null);
  const further = pages?.key === key ? pages : null;
  const next = further === null ? (first.data?.next ?? null) : further.next;
  const loadMore = async (cursor: string) => {
    setLoadingMore(true);
    setMoreError(null);
    try {
      const page = await client.messages.search(query, { sort, cursor });
      setPages({ key, hits: [...(further?.hits ?? []), ...page.hits], next: page.next });
    } catch (error) {
      setMoreError(error);
    }
    setLoadingMore(false);
  };
  return {
    page: first.data,
    hits: [...(first.data?.hits ?? []), ...(further?.hits ?? [])],
    isLoading: first.isLoading || isLoadingMore,
    error: first.error ?? moreError,
    retry: first.error === null && next !== null ? () => void loadMore(next) : first.reload,
    more: next === null ? null : () => void loadMore(next),
  };
}

const EXCERPT = 200;

function HitRow({ hit }: { hit: Hit }) {
  const host = useHost();
  const place = useConversationName(hit.conversation_id);
  // A direct conversation has the name of the peer, which stands there already.
  const isOfPeer = useSelect(
    (state) => state.conversations.get(hit.conversation_id)?.peer === hit.sender,
  );
  const excerpt = cutExcerpt(hit.text, hit.highlights, EXCERPT);
  return (
    <MessageRow
      message={{ ...hit, body: {} }}
      open={() => host.openMessage(hit)}
      place={isOfPeer ? undefined : <bdi>{place}</bdi>}
      note={hit.thread === null ? undefined : t("inThread")}
      text={
        <>
          {excerpt.isCutBefore && "…"}
          {excerpt.pieces.map((piece, at) =>
            piece.isHit ? <mark key={at}>{piece.text}</mark> : piece.text,
          )}
          {excerpt.isCutAfter && "…"}
        </>
      }
    />
  );
}
