// What stands where an answer will be: that it loads, or why it does not come.
import type { ComponentChildren } from "preact";
import type { Answer, List } from "../data/answers.ts";
import { explain } from "../data/session.ts";
import { t } from "../texts/common.ts";

interface AnsweredProps<T> {
  of: Answer<T>;
  children: (value: T) => ComponentChildren;
}

export function Answered<T>({ of, children }: AnsweredProps<T>) {
  return (
    <>
      {of.error !== null && <Failure error={of.error} retry={of.reload} />}
      {of.value !== null ? children(of.value) : of.isLoading && <Loading />}
    </>
  );
}

interface ListedProps<T> {
  of: List<T>;
  children: (items: T[]) => ComponentChildren;
}

export function Listed<T>({ of, children }: ListedProps<T>) {
  const isFirst = of.isLoading && of.items.length === 0;
  return (
    <>
      {of.error !== null && <Failure error={of.error} retry={of.reload} />}
      {isFirst ? <Loading /> : (of.error === null || of.items.length > 0) && children(of.items)}
      {of.hasMore && (
        <button type="button" class="button more" disabled={of.isLoading} onClick={of.loadMore}>
          {t("more")}
        </button>
      )}
    </>
  );
}

export function Loading() {
  return (
    <p class="empty" role="status">
      {t("loading")}
    </p>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div class="notice danger failure" role="alert">
      <p>{t("failedToLoad", { reason: explain(error) })}</p>
      {retry && (
        <button type="button" class="button" onClick={retry}>
          {t("retry")}
        </button>
      )}
    </div>
  );
}
