// Issues a token for a user, where this server holds the secret of tokens.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { useSession } from "../data/session.ts";
import { formatTime } from "../format.ts";
import { FormDialog, type Fields } from "../parts/act.tsx";
import { Copyable } from "../parts/values.tsx";
import { t } from "../texts/people.ts";

interface TokenDialogProps {
  user: string;
  close: () => void;
}

type Issued = { token: string; expires_at: string };

const SCOPES = ["", "moderator", "service", "admin"];

export function TokenDialog({ user, close }: TokenDialogProps) {
  const session = useSession();
  const [issued, setIssued] = useState<Issued | null>(null);
  if (issued !== null) {
    return (
      <Dialog title={t("createToken")} close={close}>
        <Copyable label={t("token")} text={issued.token} />
        <p class="soft">{t("tokenUntil", { time: formatTime(issued.expires_at) })}</p>
      </Dialog>
    );
  }
  const submit = async (fields: Fields) => {
    const body = {
      user: fields("user"),
      ...(fields("ttl") !== "" && { ttl: fields("ttl") }),
      ...(fields("scope") !== "" && { scope: fields("scope") }),
    };
    setIssued(await session.read(session.api.POST("/v1/admin/tokens", { body })));
    // The dialog stays, to show the token.
    return false;
  };
  return (
    <FormDialog
      title={t("createToken")}
      action={t("tokenCreate")}
      close={close}
      submit={submit}
      done=""
    >
      <Field label={t("tokenFor")}>
        <input
          class="input"
          name="user"
          required
          maxLength={128}
          autocapitalize="none"
          spellcheck={false}
          defaultValue={user}
        />
      </Field>
      <Field label={t("tokenScope")}>
        <select class="input" name="scope">
          {SCOPES.map((scope) => (
            <option key={scope} value={scope}>
              {scope === "" ? t("tokenScopeNone") : scope}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("tokenTtl")} hint={t("tokenTtlHint")}>
        <input class="input" name="ttl" placeholder="24h" pattern="\d+[smhd]" />
      </Field>
    </FormDialog>
  );
}
