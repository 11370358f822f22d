// Why a user sees a message, or not: what every rule says.
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import type { Schemas, VisibilityExplanation } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { Answered } from "../parts/answered.tsx";
import { Card, Pill, type Tone } from "../parts/layout.tsx";
import { Table } from "../parts/table.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/conversations.ts";

interface ExplanationProps {
  id: string;
  seq: number;
  /** Whose view; empty for none yet. */
  as: string;
  /** A position or a time; empty for now. */
  asOf: string;
}

export function Explanation({ id, seq, as, asOf }: ExplanationProps) {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const query = { as: field("user"), as_of: field("as_of") };
    location.hash = linkTo(["conversations", id, seq], query);
  };
  return (
    <Card title={t("explain")}>
      <form class="filters" onSubmit={onSubmit}>
        <Field label={t("explainUser")}>
          <input
            class="input"
            name="user"
            required
            autocapitalize="none"
            spellcheck={false}
            defaultValue={as}
          />
        </Field>
        <Field label={t("explainAsOf")}>
          <input
            class="input"
            name="as_of"
            placeholder={t("explainNow")}
            spellcheck={false}
            defaultValue={asOf}
          />
        </Field>
        <div class="form-row">
          <button class="button">{t("explainAction")}</button>
        </div>
      </form>
      {as !== "" && <Explained key={`${as} ${asOf}`} id={id} seq={seq} as={as} asOf={asOf} />}
    </Card>
  );
}

function Explained({ id, seq, as, asOf }: ExplanationProps) {
  const session = useSession();
  const explanation = useAnswer(
    (signal) =>
      session.read(
        session.api.GET("/v1/admin/conversations/{id}/messages/{seq}/explain", {
          params: {
            path: { id, seq },
            query: { as_user: as, ...(asOf !== "" && { as_of: asOf }) },
          },
          signal,
        }),
      ),
    [session, id, seq, as, asOf],
  );
  return (
    <Answered of={explanation}>
      {(found) => (
        <>
          <p class={`notice ${found.visible ? "" : "warning"}`} role="status">
            <strong>{t(verdictOf(found), { user: found.user })}.</strong> {found.summary}
          </p>
          <Table
            caption={t("explain")}
            rows={found.checks}
            keyOf={({ rule }) => rule}
            columns={[
              { label: t("rule"), cell: ({ rule }) => <code>{rule}</code> },
              { label: t("outcome"), cell: (check) => <Outcome check={check} /> },
              { label: t("detail"), cell: ({ detail }) => detail, isWide: true },
            ]}
          />
        </>
      )}
    </Answered>
  );
}

function verdictOf({ visible, has_content }: VisibilityExplanation) {
  if (!visible) return "seesNot";
  return has_content ? "sees" : "seesEmpty";
}

const OUTCOMES = ["passes", "hides", "withholds", "no_effect"] as const;
const TONES: Record<(typeof OUTCOMES)[number], Tone> = {
  passes: "good",
  hides: "bad",
  withholds: "warning",
  no_effect: "plain",
};

function Outcome({ check: { outcome } }: { check: Schemas["VisibilityCheck"] }) {
  const known = OUTCOMES.find((each) => each === outcome);
  if (known === undefined) return <Pill>{outcome}</Pill>;
  return <Pill tone={TONES[known]}>{t(`outcome_${known}`)}</Pill>;
}
