// Switches: features that can be switched off, with a reason and an end.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import type { FeatureSwitch } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { Answered } from "../parts/answered.tsx";
import { FormDialog, ProblemNote, useAct, type Fields } from "../parts/act.tsx";
import { Card, Page, Pill } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Name, readUntil, Time, UntilInput, UserLink } from "../parts/values.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/control.ts";

const FEATURES = [
  "reactions",
  "edits",
  "receipts",
  "typing",
  "presence",
  "search",
  "uploads",
  "imports",
  "notifications",
  "signup",
] as const;

/** Those that end by themselves change without anybody doing something. */
const REFRESH_MS = 5000;

export function SwitchesPage() {
  const session = useSession();
  const act = useAct();
  const [turning, setTurning] = useState<FeatureSwitch | null>(null);
  const found = useAnswer(
    async (signal) => {
      const params = { query: session.seen };
      return session.read(session.api.GET("/v1/admin/switches", { params, signal }));
    },
    [session],
    { every: REFRESH_MS },
  );
  const turn = async (name: string, body: SwitchChange) => {
    const params = { path: { name } };
    await session.change(session.api.PUT("/v1/admin/switches/{name}", { params, body }));
    found.reload();
  };
  const turnOn = ({ name }: FeatureSwitch) =>
    act.run(() => turn(name, { on: true }), t("switchedOn", { name: describe(name) }));
  return (
    <Page title={t("switches")} intro={t("switchesIntro")}>
      <Card>
        <ProblemNote problem={act.problem} />
        <Answered of={found}>
          {({ switches }) => (
            <Table
              caption={t("switches")}
              rows={switches}
              keyOf={({ name }) => name}
              columns={columns((row) => (row.on ? setTurning(row) : void turnOn(row)))}
            />
          )}
        </Answered>
      </Card>
      {turning !== null && (
        <OffDialog
          name={turning.name}
          close={() => setTurning(null)}
          turnOff={(body) => turn(turning.name, body)}
        />
      )}
    </Page>
  );
}

type SwitchChange = { on: boolean; reason?: string; until?: string };

function describe(name: string): string {
  const known = FEATURES.find((each) => each === name);
  return known ? t(`feature_${known}`) : name;
}

function columns(turn: (row: FeatureSwitch) => void): Column<FeatureSwitch>[] {
  return [
    { label: t("feature"), cell: ({ name }) => describe(name) },
    {
      label: t("state"),
      cell: ({ on }) => <Pill tone={on ? "good" : "bad"}>{t(on ? "on" : "off")}</Pill>,
    },
    { label: t("reason"), isWide: true, cell: ({ reason }) => <Name of={reason} /> },
    { label: t("until"), cell: ({ until }) => <Time at={until} /> },
    { label: t("by"), cell: ({ by }) => <UserLink id={by} /> },
    { label: t("at"), cell: ({ at }) => <Time at={at} /> },
    {
      label: "",
      cell: (row) => (
        <span class="row-actions">
          <button
            type="button"
            class={`button ${row.on ? "risky" : ""}`}
            aria-label={`${t(row.on ? "switchOff" : "switchOn")}: ${describe(row.name)}`}
            onClick={() => turn(row)}
          >
            {t(row.on ? "switchOff" : "switchOn")}
          </button>
        </span>
      ),
    },
  ];
}

interface OffDialogProps {
  name: string;
  close: () => void;
  turnOff: (change: SwitchChange) => Promise<unknown>;
}

function OffDialog({ name, close, turnOff }: OffDialogProps) {
  const submit = (fields: Fields) =>
    turnOff({ on: false, reason: fields("reason"), ...readUntil(fields("until")) });
  return (
    <FormDialog
      title={t("switchOffTitle", { name: describe(name) })}
      action={t("switchOff")}
      isDangerous
      close={close}
      submit={submit}
      done={t("switchedOff", { name: describe(name) })}
    >
      <p>{t("switchOffText")}</p>
      <Field label={t("reason")}>
        <input class="input" name="reason" required maxLength={500} dir="auto" />
      </Field>
      <Field label={t("until")} hint={common("untilHint")}>
        <UntilInput name="until" />
      </Field>
    </FormDialog>
  );
}
