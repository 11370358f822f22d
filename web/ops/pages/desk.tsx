// One service desk: how it stands now, and its figures by day, hour or agent.
import { locale } from "../../shared/language.ts";
import { useAnswer } from "../data/answers.ts";
import { GROUPINGS, percent, toFigures } from "../data/desk_figures.ts";
import type { Figures, Grouping } from "../data/desk_figures.ts";
import type { DeskMetricsRow } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber, formatSeconds } from "../format.ts";
import { Answered } from "../parts/answered.tsx";
import { Card, Facts, Page } from "../parts/layout.tsx";
import { OptionLinks } from "../parts/options.tsx";
import { Plot, type PlotAxis, type Series } from "../parts/plot.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/desks.ts";

const PERIODS = [1, 7, 30, 90] as const;
const DEFAULT_DAYS = 7;
const DAY_MS = 86_400_000;
const EVERY_MS = 15_000;

interface DeskFiguresProps {
  id: string;
  query: URLSearchParams;
}

export function DeskFiguresPage({ id, query }: DeskFiguresProps) {
  const session = useSession();
  const by = GROUPINGS.find((each) => each === query.get("by")) ?? "day";
  const days = PERIODS.find((each) => String(each) === query.get("days")) ?? DEFAULT_DAYS;
  const desk = useAnswer(
    async () => {
      const params = { path: { desk: id }, query: session.seen };
      return session.read(session.api.GET("/v1/admin/desks/{desk}", { params }));
    },
    [session, id],
    { every: EVERY_MS },
  );
  const figures = useAnswer(
    async () => {
      const to = new Date();
      const from = new Date(to.getTime() - days * DAY_MS);
      const period = { from: from.toISOString(), to: to.toISOString() };
      const params = { path: { desk: id }, query: { by, ...period } };
      const call = session.api.GET("/v1/desks/{desk}/metrics", { params });
      const { rows } = await session.read(call);
      return { rows, figures: toFigures(rows, by, from, to) };
    },
    [session, id, by, days],
    { every: EVERY_MS },
  );
  return (
    <Page
      title={t("figuresOf", { title: desk.value?.title ?? id })}
      actions={<Options id={id} by={by} days={days} />}
    >
      <Card title={t("now")}>
        <Answered of={desk}>
          {(found) => (
            <Facts
              facts={[
                { name: t("waiting"), value: formatNumber(found.waiting) },
                { name: t("open"), value: formatNumber(found.open) },
                { name: t("agents"), value: formatNumber(found.agents.length) },
                { name: t("replyTarget"), value: found.reply_target },
                { name: t("idleClose"), value: found.idle_close },
              ]}
            />
          )}
        </Answered>
      </Card>
      <Answered of={figures}>
        {(found) =>
          found.rows.length === 0 ? (
            <p class="empty">{t("noFigures")}</p>
          ) : (
            <>
              <DeskPlots figures={found.figures} by={by} />
              <Card title={t("figures")}>
                <Table
                  caption={t("figures")}
                  rows={newestFirst(found.rows, by)}
                  keyOf={({ key }) => key}
                  columns={columns(by)}
                />
              </Card>
            </>
          )
        }
      </Answered>
    </Page>
  );
}

/** The rows in which something happened. */
function newestFirst(rows: readonly DeskMetricsRow[], by: Grouping): readonly DeskMetricsRow[] {
  return by === "agent" ? rows : rows.toReversed();
}

function Options({ id, by, days }: { id: string; by: Grouping; days: number }) {
  return (
    <>
      <OptionLinks
        label={t("by")}
        chosen={by}
        options={GROUPINGS.map((value) => ({
          value,
          label: t(`by_${value}`),
          href: linkTo(["desks", id], { by: value, days: String(days) }),
        }))}
      />
      <OptionLinks
        label={t("period")}
        chosen={String(days)}
        options={PERIODS.map((count) => ({
          value: String(count),
          label: t("lastDays", { count }),
          href: linkTo(["desks", id], { by, days: String(count) }),
        }))}
      />
    </>
  );
}

const whole = (value: number | null) => formatNumber(value);
const seconds = (value: number | null) => formatSeconds(value);
const share = (value: number | null) => (value === null ? "–" : `${formatNumber(value)} %`);

function DeskPlots({ figures, by }: { figures: Figures[]; by: Grouping }) {
  const axis = axisOf(figures, by);
  const shared = { readings: figures, axis };
  // Another axis is another plot.
  const key = by === "agent" ? figures.map((row) => row.key).join("\n") : by;
  return (
    <div class="plots" key={key}>
      <Plot title={t("plotSessions")} series={sessions()} format={whole} isWhole {...shared} />
      <Plot title={t("plotTimes")} series={times()} format={seconds} {...shared} />
      <Plot title={t("plotRate")} series={rate()} format={share} {...shared} />
      <Plot title={t("plotMessages")} series={messages()} format={whole} isWhole {...shared} />
    </div>
  );
}

function axisOf(figures: Figures[], by: Grouping): PlotAxis {
  if (by === "agent") {
    return { kind: "names", label: (at) => figures[at]?.key ?? "" };
  }
  const options: Intl.DateTimeFormatOptions =
    by === "day"
      ? { day: "numeric", month: "short", timeZone: "UTC" }
      : { day: "numeric", month: "short", hour: "2-digit", timeZone: "UTC" };
  return {
    kind: "time",
    label: (at) => new Date(at * 1000).toLocaleString(locale(), options),
  };
}

function sessions(): Series<Figures>[] {
  return [
    { label: t("opened"), value: ({ opened }) => opened, color: 1 },
    { label: t("accepted"), value: ({ accepted }) => accepted, color: 2 },
    { label: t("closed"), value: ({ closed }) => closed, color: 4 },
    { label: t("abandoned"), value: ({ abandoned }) => abandoned, color: 3 },
  ];
}

function times(): Series<Figures>[] {
  return [
    { label: t("waitingHalf"), value: (row) => row.waiting_p50_s, color: 1 },
    { label: t("waitingMost"), value: (row) => row.waiting_p95_s, color: 2 },
    { label: t("firstReplyHalf"), value: (row) => row.first_reply_p50_s, color: 4 },
    { label: t("firstReplyMost"), value: (row) => row.first_reply_p95_s, color: 3 },
  ];
}

function rate(): Series<Figures>[] {
  return [{ label: t("replyRate"), value: (row) => percent(row.reply_rate), color: 1 }];
}

function messages(): Series<Figures>[] {
  return [{ label: t("messages"), value: (row) => row.messages, color: 1 }];
}

function columns(by: Grouping): Column<DeskMetricsRow>[] {
  type Value = (row: DeskMetricsRow) => string;
  const number = (label: string, value: Value): Column<DeskMetricsRow> => ({
    label,
    cell: value,
    isNumber: true,
  });
  return [
    {
      label: t(`key_${by}`),
      cell: ({ key }) => (by === "agent" ? <UserLink id={key} /> : key.replace(":00:00Z", ":00")),
    },
    number(t("opened"), ({ opened }) => whole(opened)),
    number(t("accepted"), ({ accepted }) => whole(accepted)),
    number(t("closed"), ({ closed }) => whole(closed)),
    number(t("transferred"), ({ transferred }) => whole(transferred)),
    number(t("abandoned"), ({ abandoned }) => whole(abandoned)),
    number(t("waitingHalf"), (row) => seconds(row.waiting_p50_s)),
    number(t("firstReplyHalf"), (row) => seconds(row.first_reply_p50_s)),
    number(t("handlingHalf"), (row) => seconds(row.handling_p50_s)),
    number(t("inTime"), (row) => share(percent(row.reply_rate))),
    number(t("rating"), (row) => formatNumber(row.rating_avg, 1)),
    number(t("messages"), (row) => whole(row.messages)),
  ];
}
