// The settings of a group. Members read them; the owner and admins change them.
import type { ChangeRequest, Conversation, ConversationMore } from "@tidings/client";
import { useState } from "preact/hooks";
import { ConfirmDialog } from "../../../shared/dialog.tsx";
import { locale } from "../../../shared/language.ts";
import { formatDuration } from "../forms/times.ts";
import { LIMITS } from "../forms/validation.ts";
import { ConversationAvatar } from "../../names.tsx";
import { useHost } from "../host.ts";
import {
  ChoiceField,
  describeFault,
  describeNumberFault,
  SwitchField,
  TextField,
} from "../parts/fields.tsx";
import { Frame } from "../parts/frame.tsx";
import { Failed } from "../parts/list.tsx";
import { useAct } from "../parts/loading.ts";
import { PictureField } from "../parts/picture_field.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";
import { usePlace } from "./conversation.ts";
import { changesOf, checkFields, type Fields, fieldsOf } from "./policy_fields.ts";

export function PoliciesPage({ conversation: id }: { conversation: string }) {
  const { conversation, details, leads, error, reload } = usePlace(id);
  return (
    <Frame>
      {error !== null && <Failed error={error} retry={reload} />}
      {conversation === undefined || details === null ? (
        <p class="panel-empty">{common("loading")}</p>
      ) : (
        <PolicyForm conversation={conversation} details={details} leads={leads} />
      )}
    </Frame>
  );
}

interface PolicyFormProps {
  conversation: Conversation;
  details: ConversationMore;
  leads: boolean;
}

function PolicyForm({ conversation, details, leads }: PolicyFormProps) {
  const { client } = useHost();
  // Only what the user edits: the rest follows what others change meanwhile.
  const [edits, setEdits] = useState<Partial<Fields>>({});
  const [isAsking, setAsking] = useState(false);
  const { isBusy, act } = useAct();
  const before = fieldsOf(conversation, details);
  const fields = { ...before, ...edits };
  const changes = changesOf(fields, before);
  const set = (part: Partial<Fields>) => setEdits((old) => ({ ...old, ...part }));
  const isReady =
    Object.keys(changes).length > 0 && Object.values(checkFields(fields)).every((f) => f === null);
  const save = async () => {
    const change = async () => {
      await client.conversations.change(conversation.id, changes);
      await client.conversations.load(conversation.id);
    };
    if (await act(change, common("saved"))) setEdits({});
  };
  const setPicture = async (picture: Blob | null) => {
    await client.conversations.setAvatar(conversation.id, picture);
    await client.conversations.load(conversation.id);
    setEdits(({ avatar: _, ...others }) => others);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        if (erasesMore(changes, details)) setAsking(true);
        else void save();
      }}
    >
      <fieldset class="panel-form bare" disabled={!leads}>
        {!leads && <p class="notice">{t("readOnly")}</p>}
        {leads && (
          <PictureField hasPicture={details.policy.avatar !== null} set={setPicture}>
            <ConversationAvatar conversation={conversation} size={64} />
          </PictureField>
        )}
        <TextFields fields={fields} set={set} />
        <RuleFields fields={fields} set={set} />
        {leads && (
          <button type="submit" class="button primary" disabled={isBusy || !isReady}>
            {common("save")}
          </button>
        )}
      </fieldset>
      {isAsking && (
        <ConfirmDialog
          title={t("retentionAsk")}
          text={t("retentionText", { count: Number(fields.retention_days) })}
          action={common("save")}
          danger
          confirm={() => void save()}
          close={() => setAsking(false)}
        />
      )}
    </form>
  );
}

/** Whether messages are erased that would stay without the change. */
function erasesMore(changes: ChangeRequest, details: ConversationMore): boolean {
  const next = changes.retention_days;
  const before = details.policy.retention_days;
  return typeof next === "number" && (before === null || next < before);
}

interface FieldsProps {
  fields: Fields;
  set: (part: Partial<Fields>) => void;
}

function TextFields({ fields, set }: FieldsProps) {
  const faults = checkFields(fields);
  return (
    <>
      <TextField
        label={t("title")}
        value={fields.title}
        change={(title) => set({ title })}
        max={LIMITS.title.max}
        fault={faults.title && describeFault(faults.title, LIMITS.title)}
      />
      <TextField
        label={t("topic")}
        rows={3}
        value={fields.topic}
        change={(topic) => set({ topic })}
        max={LIMITS.topic.max}
        fault={faults.topic && describeFault(faults.topic, LIMITS.topic)}
      />
      <TextField
        label={t("avatar")}
        type="url"
        value={fields.avatar}
        change={(avatar) => set({ avatar })}
        fault={faults.avatar && describeFault(faults.avatar)}
      />
    </>
  );
}

const SLOW_MODES = [10, 30, 60, 300, 900, 3600];

function RuleFields({ fields, set }: FieldsProps) {
  const retention = checkFields(fields).retention_days;
  const seconds = Number(fields.slow_mode);
  const isKnown = seconds === 0 || SLOW_MODES.includes(seconds);
  const modes = isKnown ? SLOW_MODES : [...SLOW_MODES, seconds];
  const slow = modes.map((mode) => ({
    value: String(mode),
    label: t("every", { duration: formatDuration(mode, locale()) }),
  }));
  return (
    <>
      <ChoiceField
        label={t("joinPolicy")}
        value={fields.join}
        choices={[
          { value: "added", label: t("joinAdded") },
          { value: "asked", label: t("joinAsked") },
          { value: "open", label: t("joinOpen") },
        ]}
        change={(join) => set({ join })}
      />
      <ChoiceField
        label={t("history")}
        value={fields.history}
        choices={[
          { value: "all", label: t("historyAll") },
          { value: "since_join", label: t("historySince") },
        ]}
        change={(history) => set({ history })}
      />
      <ChoiceField
        label={t("post")}
        value={fields.post}
        choices={[
          { value: "members", label: t("postMembers") },
          { value: "admins", label: t("postAdmins") },
        ]}
        change={(post) => set({ post })}
      />
      <ChoiceField
        label={t("slowMode")}
        hint={t("slowHint")}
        value={fields.slow_mode}
        choices={[{ value: "0", label: t("slowOff") }, ...slow]}
        change={(slow_mode) => set({ slow_mode })}
      />
      <TextField
        label={t("retention")}
        hint={t("retentionHint")}
        inputmode="numeric"
        value={fields.retention_days}
        change={(retention_days) => set({ retention_days })}
        fault={retention && describeNumberFault(retention, LIMITS.retentionDays)}
      />
      <SwitchField
        label={t("frozen")}
        hint={t("frozenHint")}
        on={fields.frozen}
        change={(frozen) => set({ frozen })}
      />
    </>
  );
}
