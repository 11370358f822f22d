// Legal holds.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useList } from "../data/answers.ts";
import type { LegalHold } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import type { PageProps } from "../pages.tsx";
import { Listed } from "../parts/answered.tsx";
import { FormDialog, TypeNameDialog, type Fields } from "../parts/act.tsx";
import { Card, Page } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ConversationLink, Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/control.ts";

export function HoldsPage({ route: { query } }: PageProps) {
  const session = useSession();
  const conversation = query.get("conversation") ?? "";
  const [isPlacing, setPlacing] = useState(conversation !== "");
  const [lifting, setLifting] = useState<string | null>(null);
  const list = useList(async (after) => {
    const asked = { ...(after !== undefined && { after }), ...session.seen };
    const call = session.api.GET("/v1/admin/holds", { params: { query: asked } });
    const { holds, next = null } = await session.read(call);
    return { items: holds, next };
  }, [session]);
  const lift = async (name: string) => {
    const params = { path: { name } };
    await session.change(session.api.DELETE("/v1/admin/holds/{name}", { params }));
    list.reload();
  };
  return (
    <Page
      title={t("holds")}
      intro={t("holdsIntro")}
      actions={
        <button type="button" class="button primary" onClick={() => setPlacing(true)}>
          {t("placeHold")}
        </button>
      }
    >
      <Card>
        <Listed of={list}>
          {(holds) => (
            <Table
              caption={t("holds")}
              rows={holds}
              keyOf={({ name }) => name}
              empty={t("noHolds")}
              columns={columns(setLifting)}
            />
          )}
        </Listed>
      </Card>
      {isPlacing && (
        <HoldDialog
          conversation={conversation}
          close={() => setPlacing(false)}
          changed={list.reload}
        />
      )}
      {lifting !== null && (
        <TypeNameDialog
          title={t("liftTitle", { name: lifting })}
          text={t("liftText")}
          name={lifting}
          action={t("liftHold")}
          close={() => setLifting(null)}
          confirm={() => lift(lifting)}
          done={t("lifted")}
        />
      )}
    </Page>
  );
}

function columns(lift: (name: string) => void): Column<LegalHold>[] {
  return [
    { label: t("hold"), cell: ({ name }) => <span class="id">{name}</span> },
    { label: t("covers"), cell: (hold) => <Covered hold={hold} /> },
    { label: t("reason"), isWide: true, cell: ({ reason }) => <span dir="auto">{reason}</span> },
    { label: t("by"), cell: ({ by }) => <UserLink id={by} /> },
    { label: t("at"), cell: ({ at }) => <Time at={at} /> },
    {
      label: "",
      cell: ({ name }) => (
        <span class="row-actions">
          <button
            type="button"
            class="button risky"
            aria-label={`${t("liftHold")}: ${name}`}
            onClick={() => lift(name)}
          >
            {t("liftHold")}
          </button>
        </span>
      ),
    },
  ];
}

function Covered({ hold: { conversation, user } }: { hold: LegalHold }) {
  return (
    <span>
      {user && (
        <>
          {t("coversUser")} <UserLink id={user} />{" "}
        </>
      )}
      {conversation && (
        <>
          {t("coversConversation")} <ConversationLink id={conversation} />
        </>
      )}
    </span>
  );
}

interface HoldDialogProps {
  conversation: string;
  close: () => void;
  changed: () => void;
}

function HoldDialog({ conversation, close, changed }: HoldDialogProps) {
  const session = useSession();
  const submit = async (fields: Fields) => {
    const body = {
      reason: fields("reason"),
      ...(fields("conversation") !== "" && { conversation: fields("conversation") }),
      ...(fields("user") !== "" && { user: fields("user") }),
    };
    const params = { path: { name: fields("name") } };
    await session.change(session.api.PUT("/v1/admin/holds/{name}", { params, body }));
    changed();
  };
  return (
    <FormDialog
      title={t("placeHold")}
      action={t("placeHold")}
      close={close}
      submit={submit}
      done={t("held")}
    >
      <Field label={t("holdName")} hint={t("holdNameHint")}>
        <input class="input" name="name" required spellcheck={false} />
      </Field>
      <Field label={t("holdConversation")}>
        <input class="input" name="conversation" spellcheck={false} defaultValue={conversation} />
      </Field>
      <Field label={t("holdUser")} hint={t("holdScopeHint")}>
        <input class="input" name="user" autocapitalize="none" spellcheck={false} />
      </Field>
      <Field label={t("reason")}>
        <input class="input" name="reason" required maxLength={500} dir="auto" />
      </Field>
    </FormDialog>
  );
}
