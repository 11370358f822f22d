// A table that becomes a list of cards where the window is narrow.
import type { ComponentChildren } from "preact";
import { t } from "../texts/common.ts";

export type Column<Row> = {
  /** Empty for the buttons of a row. */
  label: string;
  /** What the cell shows. */
  cell: (row: Row) => ComponentChildren;
  /** Numbers are aligned at their end. */
  isNumber?: boolean;
  /** Takes the room that the others leave. */
  isWide?: boolean;
};

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  /** What it says without rows. */
  empty?: string;
  isMarked?: (row: Row) => boolean;
}

/** So many fit everywhere. */
const FEW_COLUMNS = 3;

// The roles say again what the elements mean, because a display other than that of a table takes
// it away from screen readers.
export function Table<Row>({ caption, columns, rows, keyOf, empty, isMarked }: TableProps<Row>) {
  if (rows.length === 0) return <p class="empty">{empty ?? t("nothing")}</p>;
  return (
    <div class="table-box">
      <table
        class={`table ${columns.length <= FEW_COLUMNS ? "few" : ""}`}
        role="table"
        aria-label={caption}
      >
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.label} role="columnheader" scope="col" class={styleOf(column)}>
                {column.label || <span class="hidden-label">{t("actions")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" class={isMarked?.(row) ? "marked" : ""}>
              {columns.map((column) => (
                <td key={column.label} role="cell" class={styleOf(column)}>
                  <span class="cell-label" aria-hidden="true">
                    {column.label}
                  </span>
                  <span class="cell-value">{column.cell(row)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function styleOf<Row>({ isNumber, isWide }: Column<Row>): string {
  return `${isNumber ? "number" : ""} ${isWide ? "wide" : ""}`.trim();
}
