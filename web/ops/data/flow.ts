// How far each part is that follows the log: log → mirror, log → projections → search index.
import { largest } from "./prometheus.ts";
import { readable, unreadable } from "./status.ts";
import type { Watched } from "./monitor.ts";

export type Stage = {
  name: "log" | "mirror" | "projections" | "index";
  position: number | null;
  /** Events that it lacks; null if unknown, and for the log itself. */
  behind: number | null;
  /** The age of the oldest event that it lacks, in seconds. */
  seconds: number | null;
  /** Why it cannot be read. */
  error: string | null;
};

/** More than this is a backlog and not just what is on its way. */
const BACKLOG = 1000;
const OLD_SECONDS = 10;

export type Standing = "good" | "busy" | "bad";

export function standingOf(stage: Stage): Standing {
  if (stage.error !== null) return "bad";
  if ((stage.seconds ?? 0) > OLD_SECONDS || (stage.behind ?? 0) > BACKLOG) return "bad";
  return (stage.behind ?? 0) > 0 ? "busy" : "good";
}

export function readFlow({ status, processes }: Watched): Stage[] {
  const newest = (name: string) => {
    const values = processes.flatMap((exposition) => largest(exposition, name) ?? []);
    return values.length === 0 ? null : Math.max(...values);
  };
  const database = status?.database;
  const mirror = readable(status?.mirror);
  const search = readable(database?.search);
  const stage = (name: Stage["name"], metric: string, told: number | undefined) => ({
    name,
    position: newest(`tidings_${metric}_position`) ?? told ?? null,
    behind: newest(`tidings_${metric}_lag_events`),
    seconds: null,
    error: null,
  });
  const projections = stage("projections", "projection", database?.projection.position);
  const mirrored = stage("mirror", "mirror", mirror?.position);
  const indexed = stage("index", "search", search?.position);
  return [
    {
      name: "log",
      position: newest("tidings_log_head") ?? database?.projection.head ?? null,
      behind: null,
      seconds: null,
      error: null,
    },
    {
      ...mirrored,
      behind: mirrored.behind ?? mirror?.lag_events ?? null,
      error: unreadable(status?.mirror),
    },
    {
      ...projections,
      behind: projections.behind ?? database?.projection.events ?? null,
      seconds: newest("tidings_projection_lag_seconds") ?? database?.projection.seconds ?? null,
    },
    {
      ...indexed,
      behind: indexed.behind ?? search?.lag_events ?? null,
      error: unreadable(database?.search),
    },
  ];
}
