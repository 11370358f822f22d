// Flood rules. The server takes all of them at once.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import type { FloodRule } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { Answered } from "../parts/answered.tsx";
import { FormDialog, ProblemNote, useAct, type Fields } from "../parts/act.tsx";
import { Card } from "../parts/layout.tsx";
import { Choice } from "../parts/choice.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { t } from "../texts/rules.ts";

const REACHES = ["conversation", "all"] as const;
const ACTIONS = ["silence", "flag"] as const;

type NewRule = {
  same_text: number;
  within: string;
  across: (typeof REACHES)[number];
  then: (typeof ACTIONS)[number];
  for?: string;
};

export function FloodRules() {
  const session = useSession();
  const act = useAct();
  const [isAdding, setAdding] = useState(false);
  const found = useAnswer(
    async () => {
      const params = { query: session.seen };
      return (await session.read(session.api.GET("/v1/moderation/flood", { params }))).rules;
    },
    [session],
  );
  const rules = (found.value ?? []).map(toNewRule);
  const set = async (next: NewRule[]) => {
    await session.change(session.api.PUT("/v1/moderation/flood", { body: { rules: next } }));
    found.reload();
  };
  const remove = (index: number) =>
    act.run(() => set(rules.filter((_, each) => each !== index)), t("removed"));
  return (
    <Card
      title={t("flood")}
      actions={
        <button type="button" class="button" onClick={() => setAdding(true)}>
          {t("ruleAdd")}
        </button>
      }
    >
      <p class="soft">{t("floodIntro")}</p>
      <ProblemNote problem={act.problem} />
      <Answered of={found}>
        {(shown) => (
          <Table
            caption={t("flood")}
            rows={shown.map((rule, index) => ({ rule, index }))}
            keyOf={({ index }) => index}
            empty={t("noRules")}
            columns={columns(remove)}
          />
        )}
      </Answered>
      {isAdding && (
        <RuleDialog close={() => setAdding(false)} add={(rule) => set([...rules, rule])} />
      )}
    </Card>
  );
}

function toNewRule({ same_text, within, across, then, for: time }: FloodRule): NewRule {
  return { same_text, within, across, then, ...(time != null && { for: time }) };
}

function columns(remove: (index: number) => void): Column<{ rule: FloodRule; index: number }>[] {
  return [
    {
      label: t("sameText"),
      cell: ({ rule }) => t("ruleText", { count: rule.same_text }),
    },
    { label: t("within"), cell: ({ rule }) => rule.within },
    { label: t("across"), cell: ({ rule }) => t(`across_${rule.across}`) },
    { label: t("then"), cell: ({ rule }) => t(`then_${rule.then}`) },
    { label: t("for"), cell: ({ rule }) => rule.for ?? "–" },
    {
      label: "",
      cell: ({ index }) => (
        <span class="row-actions">
          <button type="button" class="button risky" onClick={() => remove(index)}>
            {t("remove")}
          </button>
        </span>
      ),
    },
  ];
}

interface RuleDialogProps {
  close: () => void;
  add: (rule: NewRule) => Promise<unknown>;
}

function RuleDialog({ close, add }: RuleDialogProps) {
  const submit = (fields: Fields) =>
    add({
      same_text: Number(fields("same_text")),
      within: fields("within"),
      across: REACHES.find((each) => each === fields("across")) ?? REACHES[0],
      then: ACTIONS.find((each) => each === fields("then")) ?? ACTIONS[0],
      ...(fields("then") === "silence" && { for: fields("for") }),
    });
  return (
    <FormDialog
      title={t("ruleAdd")}
      action={t("save")}
      close={close}
      submit={submit}
      done={t("saved")}
    >
      <Field label={t("sameText")}>
        <input
          class="input"
          name="same_text"
          type="number"
          min="2"
          max="100"
          required
          defaultValue="5"
        />
      </Field>
      <Field label={t("within")} hint={t("durationHint")}>
        <input class="input" name="within" required defaultValue="30s" />
      </Field>
      <Choice
        name="across"
        label={t("across")}
        value="conversation"
        options={REACHES.map((value) => ({ value, label: t(`across_${value}`) }))}
      />
      <Choice
        name="then"
        label={t("then")}
        value="silence"
        options={ACTIONS.map((value) => ({ value, label: t(`then_${value}`) }))}
      />
      <Field label={t("for")} hint={t("forHint")}>
        <input class="input" name="for" defaultValue="1m" />
      </Field>
    </FormDialog>
  );
}
