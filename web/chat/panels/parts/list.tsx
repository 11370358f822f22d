// A list that is loaded page by page, with what to say while it loads, is empty or has failed.
import type { ComponentChildren, VNode } from "preact";
import { Icon, type IconName } from "../../../shared/icon.tsx";
import { describeError } from "../calls.ts";
import { t } from "../texts/common.ts";
import type { Loaded, Pages } from "./loading.ts";

interface ListProps<Row> {
  pages: Pages<Row>;
  label: string;
  empty: string;
  draw: (row: Row) => VNode;
}

export function PagedList<Row>({ pages, label, empty, draw }: ListProps<Row>) {
  const { rows, error, isLoading, hasMore } = pages;
  return (
    <div class="panel-list" aria-busy={isLoading}>
      {rows.length > 0 && <ul aria-label={label}>{rows.map(draw)}</ul>}
      {error !== null && <Failed error={error} retry={pages.reload} />}
      {error === null && rows.length === 0 && (
        <p class="panel-empty" role="status">
          {isLoading ? t("loading") : empty}
        </p>
      )}
      {hasMore && (
        <button type="button" class="button panel-more" disabled={isLoading} onClick={pages.more}>
          {t("loadMore")}
        </button>
      )}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div class="notice danger panel-failed" role="alert">
      <span>{describeError(error)}</span>
      <button type="button" class="link-button" onClick={retry}>
        {t("retry")}
      </button>
    </div>
  );
}

/** What a panel loads as a whole: the drawing of it, or what it waits for. */
export function WhenLoaded<Data>(props: {
  loaded: Loaded<Data>;
  children: (data: Data) => ComponentChildren;
}) {
  const { data, error, reload } = props.loaded;
  if (data !== null) return <>{props.children(data)}</>;
  if (error !== null) return <Failed error={error} retry={reload} />;
  return (
    <p class="panel-empty" aria-busy="true">
      {t("loading")}
    </p>
  );
}

interface LinkRowProps {
  icon: IconName;
  label: string;
  open: () => void;
  note?: string | undefined;
  danger?: boolean;
}

/** A row that opens something. */
export function LinkRow({ icon, label, open, note, danger = false }: LinkRowProps) {
  return (
    <li>
      <button type="button" class={`panel-link ${danger ? "danger" : ""}`} onClick={open}>
        <Icon name={icon} />
        <span class="panel-link-label">{label}</span>
        {note && <span class="panel-count">{note}</span>}
      </button>
    </li>
  );
}
