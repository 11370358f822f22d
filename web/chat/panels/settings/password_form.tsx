// Changes the password of a local account. The server answers with a new token.
import { useState } from "preact/hooks";
import { isRefused } from "../calls.ts";
import { checkLength, LIMITS } from "../forms/validation.ts";
import { useHost } from "../host.ts";
import { describeFault, TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { t } from "../texts/settings.ts";

const EMPTY = { old: "", new: "", again: "" };

export function PasswordForm() {
  const { api, calls, me, session } = useHost();
  const [isOpen, setOpen] = useState(false);
  const [fields, setFields] = useState(EMPTY);
  const { isBusy, act } = useAct();
  const length = checkLength(fields.new, LIMITS.password);
  const isDifferent = fields.again !== "" && fields.again !== fields.new;
  const isReady = fields.old !== "" && length === null && fields.again === fields.new;
  const field = (name: keyof typeof EMPTY) => ({
    type: "password" as const,
    value: fields[name],
    change: (value: string) => setFields((old) => ({ ...old, [name]: value })),
  });
  const save = async () => {
    const body = { old: fields.old, new: fields.new };
    try {
      const { token } = await calls.ask(api.PUT("/v1/users/me/password", { body }));
      session.changeToken(token);
    } catch (error) {
      // A user who signed in with a token has no account, so no password can be right.
      throw isRefused(error, "not_found") ? new Error(t("noPassword")) : error;
    }
    setFields(EMPTY);
    setOpen(false);
  };
  if (!isOpen) {
    return (
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {t("password")}
      </button>
    );
  }
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void act(save, t("passwordChanged"));
      }}
    >
      <input type="text" name="username" autocomplete="username" value={me} hidden readOnly />
      <TextField label={t("oldPassword")} autocomplete="current-password" {...field("old")} />
      <TextField
        label={t("newPassword")}
        autocomplete="new-password"
        hint={t("passwordHint")}
        fault={fields.new !== "" && length ? describeFault(length, LIMITS.password) : null}
        {...field("new")}
      />
      <TextField
        label={t("repeatPassword")}
        autocomplete="new-password"
        fault={isDifferent ? t("notSame") : null}
        {...field("again")}
      />
      <button type="submit" class="button primary" disabled={isBusy || !isReady}>
        {t("password")}
      </button>
    </form>
  );
}
