// One webhook: where it stands, its parked deliveries, and a replay.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { showToast } from "../../shared/toast.tsx";
import { useList } from "../data/answers.ts";
import type { ParkedDelivery, Webhook } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import { Failure, Listed, Loading } from "../parts/answered.tsx";
import { FormDialog, ProblemNote, TypeNameDialog, useAct, type Fields } from "../parts/act.tsx";
import { Card, Facts, Page } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/webhooks.ts";
import { WebhookDialog } from "./webhook_dialog.tsx";
import { describeEvents, useWebhooks, WebhookState } from "./webhooks.tsx";

export function WebhookPage({ id }: { id: number }) {
  const list = useWebhooks();
  const webhook = list.items.find((each) => each.id === id);
  return (
    <Page title={t("webhook", { id })} intro={webhook?.url ?? ""}>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {webhook === undefined && list.isLoading && <Loading />}
      {webhook === undefined && !list.isLoading && <p class="empty">{t("none")}</p>}
      {webhook && <Shown webhook={webhook} changed={list.reload} />}
    </Page>
  );
}

interface WebhookProps {
  webhook: Webhook;
  changed: () => void;
}

function Shown({ webhook, changed }: WebhookProps) {
  const session = useSession();
  const [replayFrom, setReplayFrom] = useState<string | null>(null);
  const parked = useList(async (after) => {
    const params = { path: { id: webhook.id }, query: after === undefined ? {} : { after } };
    const call = session.api.GET("/v1/admin/webhooks/{id}/parked", { params });
    const { parked: items, next = null } = await session.read(call);
    return { items, next };
  }, [session, webhook.id]);
  const oldest = parked.items.reduce<number | null>(
    (least, { position }) => (least === null || position < least ? position : least),
    null,
  );
  const reload = () => {
    changed();
    parked.reload();
  };
  return (
    <>
      <WebhookActions webhook={webhook} changed={reload} replay={() => setReplayFrom("")} />
      <WebhookFacts webhook={webhook} />
      <Card
        title={t("parkedTitle")}
        actions={
          oldest !== null && (
            <button type="button" class="button" onClick={() => setReplayFrom(String(oldest))}>
              {t("replayOldest", { position: oldest })}
            </button>
          )
        }
      >
        <p class="soft">{t("parkedIntro")}</p>
        <Listed of={parked}>
          {(rows) => (
            <Table
              caption={t("parkedTitle")}
              rows={rows}
              keyOf={({ id }) => id}
              empty={t("noParked")}
              columns={parkedColumns()}
            />
          )}
        </Listed>
      </Card>
      {replayFrom !== null && (
        <ReplayDialog
          webhook={webhook}
          from={replayFrom}
          close={() => setReplayFrom(null)}
          changed={reload}
        />
      )}
    </>
  );
}

function WebhookFacts({ webhook }: { webhook: Webhook }) {
  return (
    <Card>
      <Facts
        facts={[
          { name: t("url"), value: <span class="id">{webhook.url}</span> },
          { name: t("delivers"), value: describeEvents(webhook) },
          { name: t("state"), value: <WebhookState webhook={webhook} /> },
          { name: t("position"), value: formatNumber(webhook.position) },
          { name: t("delivered"), value: formatNumber(webhook.delivered) },
          { name: t("waiting"), value: formatNumber(webhook.waiting) },
          { name: t("parked"), value: formatNumber(webhook.parked) },
          { name: t("lastError"), value: webhook.last_error ?? "–" },
        ]}
      />
    </Card>
  );
}

function parkedColumns(): Column<ParkedDelivery>[] {
  return [
    {
      label: t("position"),
      isNumber: true,
      cell: ({ position }) => (
        <a href={linkTo(["events"], { up_to: String(position) })}>{formatNumber(position)}</a>
      ),
    },
    { label: t("delivery"), cell: ({ id }) => <span class="id">{id}</span> },
    { label: t("tries"), cell: ({ tries }) => formatNumber(tries), isNumber: true },
    { label: t("parkedAt"), cell: ({ at }) => <Time at={at} /> },
    { label: t("error"), cell: ({ last_error }) => last_error, isWide: true },
  ];
}

function WebhookActions({ webhook, changed, replay }: WebhookProps & { replay: () => void }) {
  const session = useSession();
  const act = useAct();
  const [open, setOpen] = useState<"edit" | "remove" | null>(null);
  const params = { path: { id: webhook.id } };
  const turn = async () => {
    const body = { enabled: !webhook.enabled };
    const worked = await act.run(
      () => session.read(session.api.PATCH("/v1/admin/webhooks/{id}", { params, body })),
      t(webhook.enabled ? "disabled" : "enabled"),
    );
    if (worked) changed();
  };
  const remove = async () => {
    await session.read(session.api.DELETE("/v1/admin/webhooks/{id}", { params }));
    location.hash = linkTo(["webhooks"]);
  };
  return (
    <>
      <div class="page-actions">
        <button type="button" class="button" onClick={() => setOpen("edit")}>
          {t("edit")}
        </button>
        <button type="button" class="button" disabled={act.isBusy} onClick={turn}>
          {t(webhook.enabled ? "disable" : "enable")}
        </button>
        <button type="button" class="button" onClick={replay}>
          {t("replay")}
        </button>
        <button type="button" class="button risky" onClick={() => setOpen("remove")}>
          {t("remove")}
        </button>
      </div>
      <ProblemNote problem={act.problem} />
      {open === "edit" && (
        <WebhookDialog webhook={webhook} close={() => setOpen(null)} changed={changed} />
      )}
      {open === "remove" && (
        <TypeNameDialog
          title={t("removeTitle", { id: webhook.id })}
          text={t("removeText")}
          name={new URL(webhook.url).host}
          action={t("remove")}
          close={() => setOpen(null)}
          confirm={remove}
          done={t("removed")}
        />
      )}
    </>
  );
}

interface ReplayDialogProps extends WebhookProps {
  from: string;
  close: () => void;
}

function ReplayDialog({ webhook, from, close, changed }: ReplayDialogProps) {
  const session = useSession();
  const submit = async (fields: Fields) => {
    const body = { from: Number(fields("from")) };
    const params = { path: { id: webhook.id } };
    const call = session.api.POST("/v1/admin/webhooks/{id}/replay", { params, body });
    const { position } = await session.read(call);
    showToast(t("replayed", { position: position + 1 }));
    changed();
  };
  return (
    <FormDialog
      title={t("replayTitle")}
      action={t("replay")}
      close={close}
      submit={submit}
      done=""
    >
      <p>{t("replayText")}</p>
      <Field label={t("replayFrom")}>
        <input
          class="input"
          name="from"
          type="number"
          min="1"
          step="1"
          required
          defaultValue={from}
        />
      </Field>
    </FormDialog>
  );
}
