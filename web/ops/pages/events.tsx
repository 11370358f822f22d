// The event browser: the log with filters, and from each event a way into the past.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { useEventFeed } from "../data/event_feed.ts";
import {
  author,
  concerned,
  NO_FILTER,
  shortType,
  summarise,
  type EventFilter,
  type LogEvent,
} from "../data/events.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Failure, Loading } from "../parts/answered.tsx";
import { Card, Page } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/events.ts";
import { EventFilters } from "./event_filters.tsx";

export function EventsPage({ route: { query } }: PageProps) {
  const session = useSession();
  const [isFollowing, setFollowing] = useState(false);
  const [shown, setShown] = useState<LogEvent | null>(null);
  const filter = readFilter(query);
  const upTo = Number(query.get("up_to") ?? NaN);
  const last = Number.isInteger(upTo) && upTo > 0 ? upTo : null;
  const feed = useEventFeed(session, filter, last, isFollowing && last === null);
  const isEmpty = feed.events.length === 0;
  return (
    <Page title={t("title")} intro={t("intro")} actions={
      <button
        type="button"
        class="button"
        aria-pressed={isFollowing}
        disabled={last !== null}
        onClick={() => setFollowing(!isFollowing)}
      >
        {isFollowing ? t("following") : t("follow")}
      </button>
    }>
      <EventFilters key={query.toString()} filter={filter} upTo={last} />
      <Card>
        {feed.error !== null && <Failure error={feed.error} retry={feed.reload} />}
        {feed.isLoading && isEmpty ? <Loading /> : (
          <Table
            caption={t("title")}
            rows={feed.events}
            keyOf={({ position }) => position}
            empty={t("noEvents")}
            columns={columns(setShown)}
          />
        )}
        <p class="soft" role="status">
          {feed.readTo !== null && describeEnd(feed.readTo)}
        </p>
        {feed.readTo !== null && feed.readTo > 0 && (
          <button
            type="button"
            class="button more"
            disabled={feed.isLoading}
            onClick={feed.loadOlder}
          >
            {t("older")}
          </button>
        )}
      </Card>
      {shown !== null && <EventDialog event={shown} close={() => setShown(null)} />}
    </Page>
  );
}

function describeEnd(readTo: number): string {
  if (readTo === 0) return t("everything");
  return t("searchedTo", { position: formatNumber(readTo + 1) });
}

function readFilter(query: URLSearchParams): EventFilter {
  const names = Object.keys(NO_FILTER) as (keyof EventFilter)[];
  const values = names.map((name) => [name, query.get(name) ?? ""]);
  return Object.fromEntries(values) as EventFilter;
}

function columns(show: (event: LogEvent) => void): Column<LogEvent>[] {
  return [
    {
      label: t("position"),
      isNumber: true,
      cell: (event) => (
        <button
          type="button"
          class="link-button"
          aria-label={`${formatNumber(event.position)}: ${t("details")}`}
          onClick={() => show(event)}
        >
          {formatNumber(event.position)}
        </button>
      ),
    },
    { label: t("time"), cell: ({ time }) => <Time at={time} /> },
    { label: t("type"), cell: ({ type }) => <code>{shortType(type)}</code> },
    { label: t("where"), cell: ({ source }) => <span class="id">{source}</span> },
    { label: t("who"), cell: (event) => <UserLink id={author(event)} /> },
    {
      label: t("what"),
      isWide: true,
      cell: (event) => (
        <span class="clipped" dir="auto">
          {summarise(event)}
        </span>
      ),
    },
  ];
}

function EventDialog({ event, close }: { event: LogEvent; close: () => void }) {
  const { position, conversation, source, type, data } = event;
  const user = concerned(event);
  const seq = typeof data.seq === "number" ? data.seq : null;
  return (
    <Dialog title={`${shortType(type)} · ${formatNumber(position)}`} close={close} class="wide">
      <div class="form-row">
        {user !== "" && (
          <a class="button" href={linkTo(["past"], { user, as_of: String(position) })}>
            {t("inboxThen")}
          </a>
        )}
        {seq !== null && conversation !== undefined && (
          <a class="button" href={linkTo(["conversations", conversation, seq])}>
            {t("traceMessage")}
          </a>
        )}
        <a class="button" href={linkTo(["events"], { source })} onClick={close}>
          {t("onlySource")}
        </a>
        <a class="button" href={linkTo(["events"], { type: shortType(type) })} onClick={close}>
          {t("onlyType")}
        </a>
      </div>
      <pre class="json" tabIndex={0}>
        {JSON.stringify(event, null, 2)}
      </pre>
    </Dialog>
  );
}
