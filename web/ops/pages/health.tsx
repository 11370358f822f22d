// Health at a glance: what needs attention, the way of an event, live plots, sizes.
import { findConcerns, type Concern } from "../data/attention.ts";
import { useWatched, type Watched } from "../data/monitor.ts";
import { largest, sum } from "../data/prometheus.ts";
import { explain } from "../data/session.ts";
import { readable, type DatabaseStatus } from "../data/status.ts";
import {
  formatBytes,
  formatNumber,
  formatRate,
  formatSeconds,
  formatTime,
} from "../format.ts";
import { Flow } from "../parts/flow.tsx";
import { Loading } from "../parts/answered.tsx";
import { Card, Facts, Page, Pill, type Fact } from "../parts/layout.tsx";
import { Table } from "../parts/table.tsx";
import { t } from "../texts/health.ts";
import { Plots } from "./health_plots.tsx";
import { Icon } from "../../shared/icon.tsx";

export function HealthPage() {
  const watched = useWatched();
  const { status, statusError, hasMetrics, processes } = watched;
  return (
    <Page title={t("title")} intro={t("intro")}>
      <Verdict watched={watched} />
      <Card title={t("flow")}>
        <Flow />
      </Card>
      {!hasMetrics && <p class="notice warning">{t("noMetrics")}</p>}
      {processes.length > 1 && (
        <p class="notice">{t("severalProcesses", { count: processes.length })}</p>
      )}
      <Plots watched={watched} />
      <div class="columns">
        <Card title={t("system")}>
          {status === null ? statusError === null && <Loading /> : <SystemFacts {...watched} />}
        </Card>
        <Card title={t("sizes")}>
          {status === null ? statusError === null && <Loading /> : <Facts facts={sizes(watched)} />}
        </Card>
        <Card title={t("refusals")}>
          <Refused watched={watched} />
        </Card>
      </div>
    </Page>
  );
}

function Verdict({ watched }: { watched: Watched }) {
  const concerns = findConcerns(watched, explain);
  if (watched.status === null && concerns.length === 0) {
    return <p class="verdict">{t("waiting")}</p>;
  }
  if (concerns.length === 0) {
    return (
      <p class="verdict good" role="status">
        <Icon name="check" />
        {t("allGood")}
      </p>
    );
  }
  return (
    <div class="verdict bad" role="status">
      <Icon name="warning" />
      <div>
        <strong>{t("somethingWrong", { count: concerns.length })}</strong>
        <ul>
          {concerns.map((concern) => (
            <li key={concern.about}>{describe(concern)}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function describe({ about, reason, count, seconds, open, max }: Concern): string {
  return t(`problem_${about}`, {
    reason: reason ?? "",
    what: reason ?? "",
    age: formatSeconds(seconds ?? 0),
    count: count ?? 0,
    open: open ?? 0,
    max: max ?? 0,
  });
}

const STATES = ["running", "starting", "stopped", "external"] as const;

function SystemFacts({ status, processes }: Watched) {
  const database = readable(status?.database);
  const state = STATES.find((each) => each === status?.state);
  const facts: Fact[] = [
    {
      name: t("state"),
      value: <Pill tone="good">{state ? t(`state_${state}`) : status?.state}</Pill>,
    },
    { name: t("version"), value: versionOf(processes) },
    { name: t("started"), value: formatTime(status?.process?.started_at) },
    { name: t("servers"), value: serversOf(status) },
    { name: t("sessions"), value: sessionsOf(database) },
    { name: t("lastEvent"), value: database ? lastEvent(database.head_time) : "–" },
    { name: t("sealed"), value: sealOf(database) },
  ];
  return <Facts facts={facts} />;
}

function versionOf(processes: Watched["processes"]): string {
  const all = processes.flatMap((exposition) => exposition.get("tidings_build_info") ?? []);
  return [...new Set(all.map(({ labels }) => labels.version))].join(", ") || "–";
}

function serversOf(status: Watched["status"]): string {
  const mirror = readable(status?.mirror);
  const external = [
    `Postgres ${status?.database?.version ?? "–"}`,
    `nats-server ${mirror?.version ?? "–"}`,
  ];
  return (status?.process?.servers ?? external).join(", ");
}

function sessionsOf(database: DatabaseStatus | null): string {
  if (database === null) return "–";
  const { open, max } = database.sessions;
  return t("sessionsOf", { open, max });
}

/** An empty log says 1970. */
function lastEvent(time: string): string {
  return new Date(time).getTime() === 0 ? "–" : formatTime(time);
}

function sealOf(database: DatabaseStatus | null): string {
  const seal = database?.seal;
  if (!seal) return t("notSealed");
  const position = formatNumber(seal.position);
  if (seal.lag_seconds <= 0) return position;
  return t("sealLag", { position, age: formatSeconds(seal.lag_seconds) });
}

function sizes({ status, processes }: Watched): Fact[] {
  const database = readable(status?.database);
  const search = readable(database?.search);
  const found = search && {
    size: formatBytes(search.bytes),
    count: formatNumber(search.messages),
  };
  const process = processes[0];
  const memory = process ? largest(process, "process_resident_memory_bytes") : null;
  const files = process ? sum(process, "process_open_fds") : null;
  return [
    { name: t("sizeDatabase"), value: formatBytes(database?.sizes.database) },
    { name: t("sizeLog"), value: formatBytes(database?.sizes.log) },
    { name: t("sizeRead"), value: formatBytes(database?.sizes.read) },
    { name: t("sizeSearch"), value: found ? t("sizeSearchOf", found) : "–" },
    { name: t("sizeData"), value: formatBytes(status?.data_bytes) },
    { name: t("memory"), value: formatBytes(memory) },
    { name: t("files"), value: formatNumber(files) },
  ];
}

function Refused({ watched }: { watched: Watched }) {
  const rows = [...watched.refusals].sort(([, a], [, b]) => b - a).slice(0, 8);
  return (
    <Table
      caption={t("refusals")}
      rows={rows}
      keyOf={([code]) => code}
      empty={t("refusalsNone")}
      columns={[
        { label: t("code"), cell: ([code]) => <code>{code}</code>, isWide: true },
        { label: t("perSecond"), cell: ([, rate]) => formatRate(rate), isNumber: true },
      ]}
    />
  );
}
