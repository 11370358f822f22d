// Rows that are still to come.
import { t } from "../texts.ts";
import "./list.css";

export function ListSkeleton() {
  return (
    <div class="list-skeleton" aria-busy="true" aria-label={t("loading")} role="status">
      {Array.from({ length: 8 }, (_, at) => (
        <div key={at} class="skeleton-row">
          <span class="skeleton circle" />
          <span class="skeleton line" />
        </div>
      ))}
    </div>
  );
}
