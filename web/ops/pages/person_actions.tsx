// What an administrator may do about a user. What cannot simply be undone asks for the id.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { showToast } from "../../shared/toast.tsx";
import type { AdminUserDetails } from "../data/schemas.ts";
import { useSession, type Session } from "../data/session.ts";
import { FormDialog, TypeNameDialog, type Fields } from "../parts/act.tsx";
import { readUntil, UntilInput } from "../parts/values.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/people.ts";
import { TokenDialog } from "./token_dialog.tsx";

interface PersonActionsProps {
  user: AdminUserDetails;
  changed: () => void;
}

const DIALOGS = ["edit", "createToken", "restrict", "revoke", "deactivate", "erase"] as const;
type DialogName = (typeof DIALOGS)[number];
const DANGEROUS: readonly DialogName[] = ["revoke", "deactivate", "erase"];

export function PersonActions({ user, changed }: PersonActionsProps) {
  const [open, setOpen] = useState<DialogName | "reactivate" | null>(null);
  const close = () => setOpen(null);
  const shown = DIALOGS.map((name) =>
    name === "deactivate" && user.deactivated ? "reactivate" : name,
  );
  const props = { user, changed, close };
  return (
    <div class="page-actions" role="group" aria-label={common("actions")}>
      {shown.map((name) => (
        <button
          key={name}
          type="button"
          class={`button ${DANGEROUS.some((each) => each === name) ? "risky" : ""}`}
          onClick={() => setOpen(name)}
        >
          {t(name)}
        </button>
      ))}
      {open === "edit" && <EditDialog {...props} />}
      {open === "createToken" && <TokenDialog user={user.id} close={close} />}
      {open === "restrict" && <RestrictDialog {...props} />}
      {open === "revoke" && <RevokeDialog {...props} />}
      {(open === "deactivate" || open === "reactivate") && <ActivationDialog {...props} />}
      {open === "erase" && <EraseDialog {...props} />}
    </div>
  );
}

interface DialogProps extends PersonActionsProps {
  close: () => void;
}

const KINDS = ["user", "bot", "system"] as const;

function EditDialog({ user, changed, close }: DialogProps) {
  const session = useSession();
  const submit = async (fields: Fields) => {
    const body = {
      display_name: fields("display_name") === "" ? null : fields("display_name"),
      about: fields("about") === "" ? null : fields("about"),
      kind: KINDS.find((kind) => kind === fields("kind")) ?? user.kind,
    };
    await changeUser(session, user.id, body);
    changed();
  };
  return (
    <FormDialog title={t("edit")} action={common("save")} close={close} submit={submit}>
      <Field label={t("displayName")}>
        <input
          class="input"
          name="display_name"
          maxLength={64}
          dir="auto"
          defaultValue={user.display_name ?? ""}
        />
      </Field>
      <Field label={t("about")}>
        <textarea class="input" name="about" rows={3} maxLength={300} dir="auto">
          {user.about ?? ""}
        </textarea>
      </Field>
      <Field label={t("kind")}>
        <select class="input" name="kind">
          {KINDS.map((kind) => (
            <option key={kind} value={kind} selected={kind === user.kind}>
              {t(`kind_${kind}`)}
            </option>
          ))}
        </select>
      </Field>
    </FormDialog>
  );
}

type UserChange = {
  display_name?: string | null;
  about?: string | null;
  kind?: (typeof KINDS)[number];
  deactivated?: boolean;
};

function changeUser(session: Session, user: string, body: UserChange) {
  return session.change(
    session.api.PUT("/v1/admin/users/{user}", { params: { path: { user } }, body }),
  );
}

function RestrictDialog({ user, changed, close }: DialogProps) {
  const session = useSession();
  const submit = async (fields: Fields) => {
    const body = {
      kind: fields("kind") === "banned" ? ("banned" as const) : ("silenced" as const),
      reason: fields("reason"),
      ...readUntil(fields("until")),
    };
    const params = { path: { user: user.id } };
    await session.change(
      session.api.PUT("/v1/moderation/users/{user}/restriction", { params, body }),
    );
    changed();
  };
  return (
    <FormDialog
      title={t("restrictTitle", { user: user.id })}
      action={t("restrict")}
      isDangerous
      close={close}
      submit={submit}
      done={t("restricted")}
    >
      <fieldset class="choices">
        <legend>{t("kind")}</legend>
        <label>
          <input type="radio" name="kind" value="silenced" defaultChecked />
          {t("restrictSilence")}
        </label>
        <label>
          <input type="radio" name="kind" value="banned" />
          {t("restrictBan")}
        </label>
      </fieldset>
      <Field label={t("reason")} hint={t("reasonHint")}>
        <input class="input" name="reason" required maxLength={500} dir="auto" />
      </Field>
      <Field label={common("until")} hint={common("untilHint")}>
        <UntilInput name="until" />
      </Field>
    </FormDialog>
  );
}

function RevokeDialog({ user, changed, close }: DialogProps) {
  const session = useSession();
  const confirm = async () => {
    const params = { path: { user: user.id } };
    await session.change(session.api.POST("/v1/admin/users/{user}/revoke", { params }));
    changed();
  };
  return (
    <TypeNameDialog
      title={t("revokeTitle", { user: user.id })}
      text={t("revokeText")}
      name={user.id}
      action={t("revoke")}
      close={close}
      confirm={confirm}
      done={t("revoked")}
    />
  );
}

function ActivationDialog({ user, changed, close }: DialogProps) {
  const session = useSession();
  const set = async (deactivated: boolean) => {
    await changeUser(session, user.id, { deactivated });
    changed();
  };
  if (user.deactivated) {
    return (
      <FormDialog
        title={`${t("reactivate")} · ${user.id}`}
        action={t("reactivate")}
        close={close}
        submit={() => set(false)}
        done={t("reactivated")}
      >
        {null}
      </FormDialog>
    );
  }
  return (
    <TypeNameDialog
      title={t("deactivateTitle", { user: user.id })}
      text={t("deactivateText")}
      name={user.id}
      action={t("deactivate")}
      close={close}
      confirm={() => set(true)}
    />
  );
}

function EraseDialog({ user, changed, close }: DialogProps) {
  const session = useSession();
  const [erased, setErased] = useState(0);
  const confirm = async () => {
    let from: string | null = null;
    let count = 0;
    do {
      const body: { user: string; from?: string } = { user: user.id, ...(from && { from }) };
      const answer: { messages: number; next?: string | null } = await session.change(
        session.api.POST("/v1/admin/erasures", { body }),
      );
      count += answer.messages;
      setErased(count);
      from = answer.next ?? null;
    } while (from !== null);
    showToast(t("erased", { count }));
    changed();
  };
  return (
    <TypeNameDialog
      title={t("eraseTitle", { user: user.id })}
      text={t("eraseText")}
      name={user.id}
      action={t("erase")}
      close={close}
      confirm={confirm}
      done=""
    >
      {erased > 0 && <p role="status">{t("eraseProgress", { count: erased })}</p>}
    </TypeNameDialog>
  );
}
