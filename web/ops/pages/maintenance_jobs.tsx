// Earlier runs of rebuilds and checks, and what they found.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { judge } from "../data/job_result.ts";
import type { Job } from "../data/schemas.ts";
import { formatSeconds } from "../format.ts";
import { Pill, type Tone } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/maintenance.ts";
import { describeJob } from "./maintenance.tsx";

const TONES: Record<Job["state"], Tone> = {
  running: "busy",
  done: "good",
  failed: "bad",
  stopped: "warning",
  interrupted: "warning",
};

export function JobTable({ jobs }: { jobs: readonly Job[] }) {
  const [shown, setShown] = useState<Job | null>(null);
  const columns: Column<Job>[] = [
    { label: t("job"), cell: (job) => describeJob(job) },
    {
      label: t("state"),
      cell: ({ state }) => <Pill tone={TONES[state]}>{t(`state_${state}`)}</Pill>,
    },
    { label: t("result"), cell: (job) => <Result job={job} /> },
    { label: t("startedBy"), cell: ({ by }) => <UserLink id={by} /> },
    { label: t("startedAt"), cell: ({ started_at }) => <Time at={started_at} /> },
    { label: t("took"), cell: (job) => durationOf(job), isNumber: true },
    {
      label: "",
      cell: (job) => (
        <span class="row-actions">
          <button
            type="button"
            class="button"
            aria-label={`${t("details")}: ${describeJob(job)}`}
            onClick={() => setShown(job)}
          >
            {t("details")}
          </button>
        </span>
      ),
    },
  ];
  return (
    <>
      <Table
        caption={t("jobs")}
        rows={jobs}
        keyOf={({ id }) => id}
        empty={t("noJobs")}
        columns={columns}
      />
      {shown !== null && (
        <Dialog title={describeJob(shown)} close={() => setShown(null)} class="wide">
          <pre class="json" tabIndex={0}>
            {JSON.stringify(shown, null, 2)}
          </pre>
        </Dialog>
      )}
    </>
  );
}

function durationOf({ started_at, ended_at }: Job): string {
  if (ended_at === null) return "–";
  const milliseconds = new Date(ended_at).getTime() - new Date(started_at).getTime();
  return formatSeconds(milliseconds / 1000);
}

function Result({ job }: { job: Job }) {
  if (job.error !== null) return <span>{job.error}</span>;
  const verdict = judge(job);
  if (verdict.kind === "none") return <span class="soft">–</span>;
  if (verdict.kind === "equal") return <Pill tone="good">{t("equal")}</Pill>;
  if (verdict.kind === "different") {
    return <Pill tone="bad">{t("different", { count: verdict.count })}</Pill>;
  }
  return (
    <span class="pills">
      <Pill tone={verdict.count === 0 ? "good" : "bad"}>
        {verdict.count === 0 ? t("noFindings") : t("findings", { count: verdict.count })}
      </Pill>
      {!verdict.isTrusted && <Pill tone="warning">{t("notTrusted")}</Pill>}
    </span>
  );
}
