// The hook: a service of the operator that is asked about messages.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import type { MessageHook } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import { Answered } from "../parts/answered.tsx";
import { FormDialog, TypeNameDialog, type Fields } from "../parts/act.tsx";
import { Card, Facts } from "../parts/layout.tsx";
import { Choice } from "../parts/choice.tsx";
import { Copyable, Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/rules.ts";

const FAILURES = ["allow", "hold", "refuse"] as const;

/** A hook that is there: the answer has null in its fields while there is none. */
type ActiveHook = MessageHook & { url: string; timeout_ms: number; by: string; at: string };

function activeOf(hook: MessageHook | null): ActiveHook | null {
  return hook?.configured ? (hook as ActiveHook) : null;
}

export function Hook() {
  const session = useSession();
  const [open, setOpen] = useState<"set" | "remove" | null>(null);
  const found = useAnswer(
    (signal) => {
      const params = { query: session.seen };
      return session.read(session.api.GET("/v1/moderation/hook", { params, signal }));
    },
    [session],
  );
  const hook = activeOf(found.value);
  const props = { hook, close: () => setOpen(null), changed: found.reload };
  return (
    <Card title={t("hook")}>
      <p class="soft">{t("hookIntro")}</p>
      <Answered of={found}>
        {() => (hook === null ? <p>{t("hookNone")}</p> : <HookFacts hook={hook} />)}
      </Answered>
      <div class="card-actions">
        <button type="button" class="button" onClick={() => setOpen("set")}>
          {hook === null ? t("hookSet") : t("edit")}
        </button>
        {hook !== null && (
          <button type="button" class="button risky" onClick={() => setOpen("remove")}>
            {t("remove")}
          </button>
        )}
      </div>
      {open === "set" && <HookDialog {...props} />}
      {open === "remove" && hook !== null && <RemoveDialog {...props} hook={hook} />}
    </Card>
  );
}

function failureOf(hook: ActiveHook | null) {
  return FAILURES.find((each) => each === hook?.on_failure) ?? "allow";
}

function HookFacts({ hook }: { hook: ActiveHook }) {
  return (
    <Facts
      facts={[
        { name: t("url"), value: <span class="id">{hook.url}</span> },
        { name: t("types"), value: hook.types.join(", ") || t("allTypes") },
        { name: t("timeout"), value: formatNumber(hook.timeout_ms) },
        { name: t("onFailure"), value: t(`failure_${failureOf(hook)}`) },
        { name: t("by"), value: <UserLink id={hook.by} /> },
        { name: t("at"), value: <Time at={hook.at} /> },
      ]}
    />
  );
}

interface HookDialogProps {
  hook: ActiveHook | null;
  close: () => void;
  changed: () => void;
}

function HookDialog({ hook, close, changed }: HookDialogProps) {
  const session = useSession();
  const [secret, setSecret] = useState<string | null>(null);
  if (secret !== null) {
    return (
      <Dialog title={t("hook")} close={close}>
        <Copyable label={t("secret")} text={secret} />
        <p class="soft">{t("secretText")}</p>
      </Dialog>
    );
  }
  const submit = async (fields: Fields) => {
    const types = fields("types").split(",").map((type) => type.trim()).filter((type) => type);
    const body = {
      url: fields("url"),
      types: types as MessageHook["types"],
      timeout_ms: Number(fields("timeout")),
      on_failure: FAILURES.find((each) => each === fields("on_failure")) ?? FAILURES[0],
    };
    const answer = await session.change(session.api.PUT("/v1/moderation/hook", { body }));
    changed();
    setSecret(answer.secret);
    return false;
  };
  return (
    <FormDialog
      title={t("hookSet")}
      action={t("save")}
      close={close}
      submit={submit}
      done={t("saved")}
    >
      <Field label={t("url")}>
        <input class="input" name="url" type="url" required defaultValue={hook?.url ?? ""} />
      </Field>
      <Field label={t("types")} hint={t("typesHint")}>
        <input class="input" name="types" defaultValue={hook?.types.join(",") ?? ""} />
      </Field>
      <Field label={t("timeout")}>
        <input
          class="input"
          name="timeout"
          type="number"
          min="1"
          max="10000"
          required
          defaultValue={String(hook?.timeout_ms ?? 1000)}
        />
      </Field>
      <Choice
        name="on_failure"
        label={t("onFailure")}
        value={failureOf(hook)}
        options={FAILURES.map((value) => ({ value, label: t(`failure_${value}`) }))}
      />
    </FormDialog>
  );
}

function RemoveDialog({ hook, close, changed }: HookDialogProps & { hook: ActiveHook }) {
  const session = useSession();
  const confirm = async () => {
    await session.change(session.api.DELETE("/v1/moderation/hook"));
    changed();
  };
  return (
    <TypeNameDialog
      title={t("removeHook")}
      text={t("removeHookText")}
      name={new URL(hook.url).host}
      action={t("remove")}
      close={close}
      confirm={confirm}
      done={t("removed")}
    />
  );
}
