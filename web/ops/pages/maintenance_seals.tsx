// The seals of the log.
import { useAnswer, useList } from "../data/answers.ts";
import type { Seal, SealPage } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber, formatSeconds } from "../format.ts";
import { Answered, Listed } from "../parts/answered.tsx";
import { Card, Facts } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time } from "../parts/values.tsx";
import { t } from "../texts/maintenance.ts";

const REFRESH_MS = 5000;
const PAGE = 20;

export function Seals() {
  const session = useSession();
  const read = (query: Record<string, string>) =>
    session.request<SealPage>("GET", `/v1/admin/seals?${new URLSearchParams(query)}`);
  const state = useAnswer(() => read({ limit: "1" }), [session], { every: REFRESH_MS });
  const newest = state.value?.seals[0]?.number ?? 0;
  const list = useList(async (after) => {
    const page = await read({ limit: String(PAGE), ...(after !== undefined && { after }) });
    return { items: page.seals, next: page.next };
  }, [session, newest]);
  return (
    <Card title={t("sealList")}>
      <Answered of={state}>{(page) => <SealFacts page={page} />}</Answered>
      <Listed of={list}>
        {(seals) => (
          <Table
            caption={t("sealList")}
            rows={seals}
            keyOf={({ number }) => number}
            empty={t("noSeals")}
            columns={columns()}
          />
        )}
      </Listed>
    </Card>
  );
}

function SealFacts({ page: { sealed, head, lag_s, own_key } }: { page: SealPage }) {
  const positions = { sealed: formatNumber(sealed), head: formatNumber(head) };
  return (
    <Facts
      facts={[
        { name: t("sealed"), value: t("sealedOf", positions) },
        { name: t("oldest"), value: sealed >= head ? "–" : formatSeconds(lag_s) },
        {
          name: t("ownKey"),
          value: own_key === null ? t("noKey") : <span class="id">{own_key}</span>,
        },
      ]}
    />
  );
}

function columns(): Column<Seal>[] {
  return [
    { label: t("number"), cell: ({ number }) => formatNumber(number), isNumber: true },
    {
      label: t("range"),
      cell: ({ first, last }) => `${formatNumber(first)}–${formatNumber(last)}`,
    },
    { label: t("count"), cell: ({ events }) => formatNumber(events), isNumber: true },
    { label: t("sealedAt"), cell: ({ sealed_at }) => <Time at={sealed_at} /> },
    {
      label: t("hash"),
      isWide: true,
      cell: ({ hash }) => (
        <span class="id" title={hash}>
          {hash.slice(0, 24)}…
        </span>
      ),
    },
  ];
}
