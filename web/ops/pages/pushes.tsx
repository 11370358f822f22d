// Pushes: the devices that get them, and what the providers answer.
import { useAnswer } from "../data/answers.ts";
import type { PushOutcomeReport, PushProviderReport, PushReport } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber, formatTime } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Answered } from "../parts/answered.tsx";
import { Card, Page, Pill, type Tone } from "../parts/layout.tsx";
import { OptionLinks } from "../parts/options.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/storage.ts";

const PERIODS = ["24", "168", "720"] as const;
const PROVIDERS = ["apns", "fcm", "webpush"] as const;
const OUTCOMES = [
  "accepted",
  "gone",
  "unavailable",
  "throttled",
  "misconfigured",
  "rejected",
] as const;

const REFRESH_MS = 5000;

export function PushesPage({ route }: PageProps) {
  const session = useSession();
  const asked = route.query.get("hours");
  const period = PERIODS.find((each) => each === asked) ?? "24";
  const found = useAnswer(
    (signal) => {
      const params = { query: { hours: Number(period), ...session.seen } };
      return session.read(session.api.GET("/v1/admin/pushes", { params, signal }));
    },
    [session, period],
    { every: REFRESH_MS, keep: true },
  );
  const options = PERIODS.map((value) => ({
    value,
    label: t(`hours_${value}`),
    href: linkTo(["pushes"], { hours: value === "24" ? "" : value }),
  }));
  return (
    <Page
      title={t("pushes")}
      intro={t("pushesIntro")}
      actions={<OptionLinks label={t("period")} chosen={period} options={options} />}
    >
      <Answered of={found}>{(report) => <Report report={report} />}</Answered>
    </Page>
  );
}

type AnsweredRow = PushOutcomeReport & { provider: string };

function Report({ report: { since, providers } }: { report: PushReport }) {
  const answers = providers.flatMap(({ provider, outcomes }) =>
    outcomes.map((outcome): AnsweredRow => ({ provider, ...outcome })),
  );
  const title = t("since", { time: formatTime(since) });
  return (
    <>
      <Card title={t("providers")}>
        <p class="soft">{t("parkedIntro")}</p>
        <Table
          caption={t("providers")}
          rows={providers}
          keyOf={({ provider }) => provider}
          columns={providerColumns()}
        />
      </Card>
      <Card title={title}>
        <Table
          caption={title}
          rows={answers}
          keyOf={({ provider, outcome }) => `${provider} ${outcome}`}
          empty={t("noAnswers")}
          columns={answerColumns()}
        />
      </Card>
    </>
  );
}

function providerColumns(): Column<PushProviderReport>[] {
  return [
    { label: t("provider"), cell: ({ provider }) => describeProvider(provider) },
    { label: t("devices"), cell: ({ devices }) => formatNumber(devices), isNumber: true },
    { label: t("waiting"), cell: ({ waiting }) => formatNumber(waiting), isNumber: true },
    {
      label: t("parked"),
      isNumber: true,
      cell: ({ parked }) =>
        parked > 0 ? <Pill tone="bad">{formatNumber(parked)}</Pill> : formatNumber(parked),
    },
  ];
}

function answerColumns(): Column<AnsweredRow>[] {
  return [
    { label: t("provider"), cell: ({ provider }) => describeProvider(provider) },
    {
      label: t("outcome"),
      cell: ({ outcome }) => <Pill tone={toneOf(outcome)}>{describeOutcome(outcome)}</Pill>,
    },
    { label: t("attempts"), cell: ({ attempts }) => formatNumber(attempts), isNumber: true },
    { label: t("lastAt"), cell: ({ last_at }) => <Time at={last_at} /> },
    { label: t("lastError"), cell: ({ error }) => error ?? "–", isWide: true },
  ];
}

function describeProvider(provider: string): string {
  const known = PROVIDERS.find((each) => each === provider);
  return known ? t(`provider_${known}`) : provider;
}

function describeOutcome(outcome: string): string {
  const known = OUTCOMES.find((each) => each === outcome);
  return known ? t(`outcome_${known}`) : outcome;
}

/** A token that is gone is dropped; everything else but success needs somebody. */
function toneOf(outcome: string): Tone {
  if (outcome === "accepted") return "good";
  if (outcome === "gone") return "plain";
  return outcome === "throttled" || outcome === "unavailable" ? "warning" : "bad";
}
