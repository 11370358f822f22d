// Webhooks: the list, or one with its parked deliveries.
import { useState } from "preact/hooks";
import { useList } from "../data/answers.ts";
import { readFlow } from "../data/flow.ts";
import { useWatched } from "../data/monitor.ts";
import type { Webhook } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Listed } from "../parts/answered.tsx";
import { Card, Page, Pill } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/webhooks.ts";
import { WebhookPage } from "./webhook.tsx";
import { WebhookDialog } from "./webhook_dialog.tsx";

export function WebhooksPage({ route }: PageProps) {
  const [, id] = route.path;
  return id === undefined ? <WebhookList /> : <WebhookPage key={id} id={Number(id)} />;
}

/** All webhooks: an installation has a handful, so one page has them. */
export function useWebhooks() {
  const session = useSession();
  return useList(async (after) => {
    const query = { limit: 200, ...(after !== undefined && { after }) };
    const call = session.api.GET("/v1/admin/webhooks", { params: { query } });
    const { webhooks, next = null } = await session.read(call);
    return { items: webhooks, next };
  }, [session]);
}

function WebhookList() {
  const list = useWebhooks();
  const head = readFlow(useWatched())[0]?.position ?? null;
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title={t("title")}
      intro={t("intro")}
      actions={
        <button type="button" class="button primary" onClick={() => setAdding(true)}>
          {t("add")}
        </button>
      }
    >
      <Card>
        <Listed of={list}>
          {(webhooks) => (
            <Table
              caption={t("title")}
              rows={webhooks}
              keyOf={({ id }) => id}
              empty={t("none")}
              columns={columns(head)}
            />
          )}
        </Listed>
      </Card>
      {isAdding && (
        <WebhookDialog webhook={null} close={() => setAdding(false)} changed={list.reload} />
      )}
    </Page>
  );
}

function columns(head: number | null): Column<Webhook>[] {
  return [
    {
      label: t("url"),
      isWide: true,
      cell: ({ id, url }) => (
        <a class="id" href={linkTo(["webhooks", id])}>
          {url}
        </a>
      ),
    },
    { label: t("delivers"), cell: (webhook) => describeEvents(webhook) },
    { label: t("state"), cell: (webhook) => <WebhookState webhook={webhook} /> },
    { label: t("delivered"), cell: ({ delivered }) => formatNumber(delivered), isNumber: true },
    { label: t("waiting"), cell: ({ waiting }) => formatNumber(waiting), isNumber: true },
    {
      label: t("parked"),
      isNumber: true,
      cell: ({ parked }) =>
        parked > 0 ? <Pill tone="bad">{formatNumber(parked)}</Pill> : formatNumber(parked),
    },
    {
      label: t("behind"),
      isNumber: true,
      cell: ({ position }) => (head === null ? "–" : formatNumber(Math.max(0, head - position))),
    },
  ];
}

export function describeEvents({ notifications, events }: Webhook): string {
  if (notifications) return t("notifications");
  return events.length === 0 ? t("allEvents") : events.join(", ");
}

export function WebhookState({ webhook: { enabled } }: { webhook: Webhook }) {
  return <Pill tone={enabled ? "good" : "warning"}>{t(enabled ? "on" : "off")}</Pill>;
}
