// Adds a webhook, or changes one.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import type { Webhook } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { FormDialog, type Fields } from "../parts/act.tsx";
import { Choice } from "../parts/choice.tsx";
import { Copyable } from "../parts/values.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/webhooks.ts";

interface WebhookDialogProps {
  /** Null to add one. */
  webhook: Webhook | null;
  close: () => void;
  changed: () => void;
}

export function WebhookDialog({ webhook, close, changed }: WebhookDialogProps) {
  const session = useSession();
  const [secret, setSecret] = useState<string | null>(null);
  if (secret !== null) {
    return (
      <Dialog title={t("add")} close={close}>
        <Copyable label={t("secret")} text={secret} />
        <p class="soft">{t("secretText")}</p>
      </Dialog>
    );
  }
  const add = async (fields: Fields) => {
    const body = {
      url: fields("url"),
      ...(fields("kind") === "notifications"
        ? { notifications: true }
        : { events: readTypes(fields("events")) }),
      ...(fields("from") !== "" && { from: Number(fields("from")) }),
    };
    const added = await session.read(session.api.POST("/v1/admin/webhooks", { body }));
    changed();
    setSecret(added.secret);
    return false;
  };
  const change = async ({ id, notifications }: Webhook, fields: Fields) => {
    const body = {
      url: fields("url"),
      ...(!notifications && { events: readTypes(fields("events")) }),
    };
    const params = { path: { id } };
    await session.read(session.api.PATCH("/v1/admin/webhooks/{id}", { params, body }));
    changed();
    return true;
  };
  return (
    <FormDialog
      title={webhook === null ? t("add") : t("webhook", { id: webhook.id })}
      action={webhook === null ? common("add") : common("save")}
      close={close}
      submit={(fields) => (webhook === null ? add(fields) : change(webhook, fields))}
      done={webhook === null ? "" : t("saved")}
    >
      <WebhookFields webhook={webhook} />
    </FormDialog>
  );
}

function WebhookFields({ webhook }: { webhook: Webhook | null }) {
  return (
    <>
      <Field label={t("url")}>
        <input
          class="input"
          name="url"
          type="url"
          required
          placeholder="https://"
          defaultValue={webhook?.url ?? ""}
        />
      </Field>
      {webhook === null && (
        <Choice
          name="kind"
          label={t("kind")}
          value="events"
          options={[
            { value: "events", label: t("kindEvents") },
            { value: "notifications", label: t("kindNotifications") },
          ]}
        />
      )}
      {!webhook?.notifications && (
        <Field label={t("events")} hint={t("eventsHint")}>
          <input class="input" name="events" defaultValue={webhook?.events.join(",") ?? ""} />
        </Field>
      )}
      {webhook === null && (
        <Field label={t("from")} hint={t("fromHint")}>
          <input class="input" name="from" type="number" min="1" step="1" />
        </Field>
      )}
    </>
  );
}

function readTypes(text: string): string[] {
  return text.split(",").map((type) => type.trim()).filter((type) => type !== "");
}
