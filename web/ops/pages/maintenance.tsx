// Rebuild and verify what follows from the log, with progress; and the seals of the log.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { useAnswer } from "../data/answers.ts";
import type { Job, JobKind, JobSubject } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber, formatSeconds } from "../format.ts";
import { Answered } from "../parts/answered.tsx";
import { FormDialog, ProblemNote, TypeNameDialog, useAct } from "../parts/act.tsx";
import { Card, Page, Pill } from "../parts/layout.tsx";
import { t } from "../texts/maintenance.ts";
import { JobTable } from "./maintenance_jobs.tsx";
import { Seals } from "./maintenance_seals.tsx";

const RUNNING_MS = 1000;
const RESTING_MS = 5000;

export function MaintenancePage() {
  const session = useSession();
  const [isRunning, setRunning] = useState(false);
  const jobs = useAnswer(
    async () => (await session.request<JobPage>("GET", "/v1/admin/jobs")).jobs,
    [session, isRunning],
    { every: isRunning ? RUNNING_MS : RESTING_MS, keep: true },
  );
  const running = jobs.value?.find(({ state }) => state === "running") ?? null;
  useEffect(() => setRunning(running !== null), [running === null]);
  return (
    <Page title={t("title")} intro={t("intro")}>
      <Card title={t("running")}>
        <Answered of={jobs}>
          {() =>
            running === null ? (
              <p class="empty">{t("nothingRuns")}</p>
            ) : (
              <Running job={running} changed={jobs.reload} />
            )
          }
        </Answered>
      </Card>
      <div class="columns">
        <Subject of="read_models" isBusy={running !== null} started={jobs.reload} />
        <Subject of="search" isBusy={running !== null} started={jobs.reload} />
        <Subject of="seals" isBusy={running !== null} started={jobs.reload} />
      </div>
      <Card title={t("jobs")}>
        <Answered of={jobs}>{(all) => <JobTable jobs={all} />}</Answered>
      </Card>
      <Seals />
    </Page>
  );
}

type JobPage = { jobs: Job[] };

export function describeJob({ kind, of }: Pick<Job, "kind" | "of">): string {
  return `${t(kind)} · ${t(of)}`;
}

const TEXTS = {
  read_models: "readModelsText",
  search: "searchText",
  seals: "sealsText",
} as const;

interface SubjectProps {
  of: JobSubject;
  isBusy: boolean;
  started: () => void;
}

type JobRequest = { kind: JobKind; of: JobSubject; keep?: boolean; from?: "log" | "kept" };

function Subject({ of, isBusy, started }: SubjectProps) {
  const session = useSession();
  const act = useAct();
  const [isAsking, setAsking] = useState(false);
  const start = async (request: JobRequest) => {
    await session.request("POST", "/v1/admin/jobs", request);
    started();
  };
  const verify = () => act.run(() => start({ kind: "verify", of }), t("startedNote"));
  return (
    <Card title={t(of)}>
      <p class="soft">{t(TEXTS[of])}</p>
      <ProblemNote problem={act.problem} />
      <div class="card-actions">
        <button
          type="button"
          class="button"
          aria-label={describeJob({ kind: "verify", of })}
          disabled={isBusy || act.isBusy}
          onClick={verify}
        >
          <Icon name="check" size={18} />
          {t("verify")}
        </button>
        {of !== "seals" && (
          <button
            type="button"
            class="button risky"
            aria-label={describeJob({ kind: "rebuild", of })}
            disabled={isBusy}
            onClick={() => setAsking(true)}
          >
            <Icon name="refresh" size={18} />
            {t("rebuild")}
          </button>
        )}
      </div>
      {isAsking && <RebuildDialog of={of} close={() => setAsking(false)} start={start} />}
    </Card>
  );
}

interface RebuildDialogProps {
  of: JobSubject;
  close: () => void;
  start: (request: JobRequest) => Promise<void>;
}

function RebuildDialog({ of, close, start }: RebuildDialogProps) {
  return (
    <TypeNameDialog
      title={t("rebuildTitle", { what: t(of) })}
      text={t("rebuildText")}
      name={of}
      action={t("rebuild")}
      close={close}
      confirm={(fields) =>
        start({
          kind: "rebuild",
          of,
          keep: fields("keep") === "on",
          from: fields("kept") === "on" ? "kept" : "log",
        })
      }
      done={t("startedNote")}
    >
      <div class="choices">
        <label>
          <input type="checkbox" name="keep" />
          {t("keep")}
        </label>
        <label>
          <input type="checkbox" name="kept" />
          {t("fromKept")}
        </label>
      </div>
    </TypeNameDialog>
  );
}

/** The server replaces a search index in one go. */
function canStop({ kind, of }: Job): boolean {
  return kind !== "rebuild" || of !== "search";
}

function Running({ job, changed }: { job: Job; changed: () => void }) {
  const session = useSession();
  const [isStopping, setStopping] = useState(false);
  const { done, total, unit, started_at, stop_requested } = job;
  const elapsed = (Date.now() - new Date(started_at).getTime()) / 1000;
  const left = done > 0 && total > done ? (elapsed / done) * (total - done) : null;
  const stop = async () => {
    await session.request("DELETE", `/v1/admin/jobs/${job.id}`);
    changed();
  };
  return (
    <div class="job">
      <p class="stage-head">
        <strong>{describeJob(job)}</strong>
        <Pill tone="busy">{t("state_running")}</Pill>
      </p>
      <progress
        max={Math.max(total, 1)}
        value={total > 0 ? done : undefined}
        aria-label={describeJob(job)}
      />
      <p class="soft">
        {t("progress", { done: formatNumber(done), total: formatNumber(total) })}{" "}
        {t(`unit_${unit}`)}
        {left !== null && `, ${t("left", { time: formatSeconds(left) })}`}
      </p>
      <div>
        {stop_requested && <p role="status">{t("stopping")}</p>}
        {!stop_requested && canStop(job) && (
          <button type="button" class="button" onClick={() => setStopping(true)}>
            {t("stop")}
          </button>
        )}
      </div>
      {isStopping && (
        <FormDialog
          title={t("stopTitle", { what: describeJob(job) })}
          action={t("stop")}
          isDangerous
          close={() => setStopping(false)}
          submit={stop}
          done={t("stopping")}
        >
          <p>{t("stopText")}</p>
        </FormDialog>
      )}
    </div>
  );
}
