// The figures of a service desk, as plots need them: without gaps in time, and with a number for
// each agent.
import type { DeskMetricsRow } from "./schemas.ts";

export const GROUPINGS = ["day", "hour", "agent"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** A row with its place on the axis: seconds since 1970, or the number of an agent. */
export type Figures = Omit<DeskMetricsRow, "key"> & { key: string; at: number };

const STEPS = { day: 86_400, hour: 3_600 } as const;
/** An axis of time has no more places than this. */
const MOST_STEPS = 5_000;

const NOTHING: Omit<DeskMetricsRow, "key"> = {
  opened: 0,
  accepted: 0,
  closed: 0,
  transferred: 0,
  abandoned: 0,
  waiting_p50_s: null,
  waiting_p95_s: null,
  first_reply_p50_s: null,
  first_reply_p95_s: null,
  handling_p50_s: null,
  replied_in_target: 0,
  due: 0,
  reply_rate: null,
  rating_avg: null,
  messages: 0,
};

/** The rows in their order; days and hours in which nothing happened are zero. */
export function toFigures(
  rows: readonly DeskMetricsRow[],
  by: Grouping,
  from: Date,
  to: Date,
): Figures[] {
  if (by === "agent") return rows.map((row, at) => ({ ...row, at }));
  const step = STEPS[by];
  const known = new Map(rows.map((row) => [Date.parse(row.key) / 1000, row]));
  const first = Math.floor(from.getTime() / 1000 / step) * step;
  const count = Math.min(Math.ceil((to.getTime() / 1000 - first) / step), MOST_STEPS);
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const at = first + index * step;
    const key = new Date(at * 1000).toISOString().slice(0, by === "day" ? 10 : 16);
    return { ...NOTHING, ...known.get(at), key, at };
  });
}

/** A share as a percentage. */
export function percent(share: number | null): number | null {
  return share === null ? null : share * 100;
}
