// The user's messages that wait for their time, or were refused then.
import type { MessageBody, ScheduledMessage } from "@tidings/client";
import { useState } from "preact/hooks";
import { ConfirmDialog, Dialog } from "../../../shared/dialog.tsx";
import { Icon } from "../../../shared/icon.tsx";
import { locale } from "../../../shared/language.ts";
import { editableText } from "../../timeline/message_body.tsx";
import { formatMoment, fromLocalInput, toLocalInput } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { TextField } from "../parts/fields.tsx";
import { useLongList } from "../parts/client_lists.ts";
import { Frame } from "../parts/frame.tsx";
import { LinkRow, PagedList } from "../parts/list.tsx";
import { useAct } from "../parts/loading.ts";
import { textOf, useConversationName } from "../parts/message.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/lists.ts";
import { KNOWN_PROBLEMS, problemText } from "../texts/problems.ts";

const MOST = 200;

/** Those of one conversation, or all. */
export function ScheduledPage({ conversation }: { conversation?: string | undefined }) {
  const { api, calls, open } = useHost();
  const all = useLongList(
    "scheduled",
    async (after) => {
      const query = { after, limit: MOST, ...calls.since };
      const page = await calls.ask(api.GET("/v1/scheduled", { params: { query } }));
      return { rows: page.scheduled, next: page.next };
    },
    "scheduled",
  );
  const isShown = ({ conversation_id: id }: ScheduledMessage) => id === (conversation ?? id);
  const rows = all.rows.filter(isShown);
  return (
    <Frame>
      <PagedList
        pages={{ ...all, rows }}
        label={t("scheduled")}
        empty={t("noScheduled")}
        draw={(item) => <ScheduledRow key={item.scheduled_id} item={item} />}
      />
      {rows.length < all.rows.length && (
        <ul class="panel-links">
          <LinkRow
            icon="clock"
            label={t("allScheduled")}
            note={String(all.rows.length)}
            open={() => open("scheduled")}
          />
        </ul>
      )}
    </Frame>
  );
}

function ScheduledRow({ item }: { item: ScheduledMessage }) {
  const { api, calls } = useHost();
  const place = useConversationName(item.conversation_id);
  const [asking, setAsking] = useState<"change" | "cancel" | null>(null);
  const { act } = useAct();
  const cancel = () =>
    calls.ask(
      api.DELETE("/v1/scheduled/{id}", { params: { path: { id: item.scheduled_id } } }),
    );
  const close = () => setAsking(null);
  return (
    <li class="panel-row wraps">
      <span class="panel-row-text">
        <span class="panel-row-top">
          <span class="panel-row-name">
            <bdi>{place}</bdi>
          </span>
        </span>
        <span class="panel-row-body" dir="auto">
          {textOf(item)}
        </span>
        <span class={`panel-row-note ${item.state === "failed" ? "panel-fault" : ""}`}>
          {item.state === "failed"
            ? t("failed", { reason: describeCode(item.code) })
            : t("due", { date: formatMoment(item.send_at, locale()) })}
        </span>
      </span>
      <div class="panel-row-actions">
        <button
          type="button"
          class="icon-button"
          aria-label={`${t("change")}: ${textOf(item)}`}
          onClick={() => setAsking("change")}
        >
          <Icon name="edit" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={`${t("cancelIt")}: ${textOf(item)}`}
          onClick={() => setAsking("cancel")}
        >
          <Icon name="delete" />
        </button>
      </div>
      {asking === "change" && <ChangeDialog item={item} close={close} />}
      {asking === "cancel" && (
        <ConfirmDialog
          title={t("cancelIt")}
          text={t("cancelText")}
          action={t("cancelIt")}
          danger
          confirm={() => void act(cancel, t("cancelled"))}
          close={close}
        />
      )}
    </li>
  );
}

function describeCode(code: string | null): string {
  const known = KNOWN_PROBLEMS.find((each) => each === code);
  return known === undefined ? (code ?? "") : problemText(known);
}

function ChangeDialog({ item, close }: { item: ScheduledMessage; close: () => void }) {
  const { api, calls } = useHost();
  const before = editableText({ ...item, recalled: false });
  const [text, setText] = useState(before ?? "");
  const [when, setWhen] = useState(toLocalInput(Date.parse(item.send_at)));
  const { isBusy, act } = useAct();
  const sendAt = fromLocalInput(when);
  const isPast = sendAt === null || Date.parse(sendAt) <= Date.now();
  const isText = item.type === "text";
  const change = async () => {
    const { text: _, ...others } = (item.body ?? {}) as Record<string, unknown>;
    const changed = text.trim() === "" ? others : { ...others, text };
    const body = {
      ...(sendAt !== null && { send_at: sendAt }),
      ...(before !== null && text !== before && { body: changed as MessageBody }),
    };
    const params = { path: { id: item.scheduled_id } };
    await calls.ask(api.PATCH("/v1/scheduled/{id}", { params, body }));
    close();
  };
  const actions = (
    <button
      type="button"
      class="button primary"
      disabled={isBusy || isPast || (isText && text.trim() === "")}
      onClick={() => act(change, t("changed"))}
    >
      {common("save")}
    </button>
  );
  return (
    <Dialog title={t("changeTitle")} close={close} actions={actions}>
      {before !== null && (
        <TextField
          label={t(isText ? "text" : "caption")}
          value={text}
          change={setText}
          rows={4}
        />
      )}
      <TextField
        label={t("time")}
        type="datetime-local"
        value={when}
        change={setWhen}
        min={toLocalInput(Date.now())}
        fault={isPast ? t("timePast") : null}
      />
    </Dialog>
  );
}
