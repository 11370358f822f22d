// The settings of a service desk. The server takes all of them at once.
import { Field } from "../../shared/field.tsx";
import type { Desk } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { FormDialog, type Fields } from "../parts/act.tsx";
import { Choice } from "../parts/choice.tsx";
import { t } from "../texts/desks.ts";

const ROUTINGS = ["manual", "round_robin", "least_busy"] as const;

interface DeskDialogProps {
  /** The desk to change; null for a new one. */
  desk: Desk | null;
  close: () => void;
  changed: () => void;
}

export function DeskDialog({ desk, close, changed }: DeskDialogProps) {
  const session = useSession();
  const submit = async (fields: Fields) => {
    const greeting = fields("greeting");
    const body = {
      title: fields("title"),
      agents: fields("agents").split(/[\s,]+/).filter((agent) => agent !== ""),
      routing: ROUTINGS.find((each) => each === fields("routing")) ?? ROUTINGS[0],
      max_open: Number(fields("max_open")),
      idle_close: fields("idle_close"),
      reply_target: fields("reply_target"),
      ...(greeting !== "" && { greeting }),
      reminders: fields("reminders") === "on",
    };
    const params = { path: { desk: desk?.id ?? fields("id") } };
    await session.change(session.api.PUT("/v1/admin/desks/{desk}", { params, body }));
    changed();
  };
  return (
    <FormDialog
      title={desk === null ? t("addTitle") : t("editTitle", { id: desk.id })}
      action={t("save")}
      close={close}
      submit={submit}
      done={t("saved")}
    >
      {desk === null && (
        <Field label={t("id")} hint={t("idHint")}>
          <input
            class="input"
            name="id"
            required
            maxLength={64}
            autocapitalize="none"
            spellcheck={false}
          />
        </Field>
      )}
      <Field label={t("name")}>
        <input
          class="input"
          name="title"
          required
          maxLength={200}
          dir="auto"
          defaultValue={desk?.title ?? ""}
        />
      </Field>
      <Field label={t("agents")} hint={t("agentsHint")}>
        <textarea
          class="input"
          name="agents"
          rows={4}
          autocapitalize="none"
          spellcheck={false}
          defaultValue={desk?.agents.join("\n") ?? ""}
        />
      </Field>
      <Choice
        name="routing"
        label={t("routing")}
        value={desk?.routing ?? "manual"}
        options={ROUTINGS.map((value) => ({ value, label: t(`routing_${value}`) }))}
      />
      <Field label={t("maxOpen")} hint={t("maxOpenHint")}>
        <input
          class="input"
          name="max_open"
          type="number"
          min="1"
          max="1000"
          required
          defaultValue={String(desk?.max_open ?? 5)}
        />
      </Field>
      <Field label={t("idleClose")} hint={t("durationHint")}>
        <input
          class="input"
          name="idle_close"
          required
          defaultValue={desk?.idle_close ?? "10m"}
        />
      </Field>
      <Field label={t("replyTarget")} hint={t("durationHint")}>
        <input
          class="input"
          name="reply_target"
          required
          defaultValue={desk?.reply_target ?? "5m"}
        />
      </Field>
      <div class="choices">
        <label>
          <input type="checkbox" name="reminders" defaultChecked={desk?.reminders ?? true} />
          {t("reminders")}
        </label>
      </div>
      <Field label={t("greeting")} hint={t("greetingHint")}>
        <textarea
          class="input"
          name="greeting"
          rows={2}
          maxLength={2000}
          dir="auto"
          defaultValue={desk?.greeting ?? ""}
        />
      </Field>
    </FormDialog>
  );
}
