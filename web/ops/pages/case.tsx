// One case: what it is about, what surrounds it, what happened, and the decision.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useAnswer } from "../data/answers.ts";
import type { CaseAct, CaseDetail, Schemas } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import { Answered } from "../parts/answered.tsx";
import { FormDialog, ProblemNote, useAct } from "../parts/act.tsx";
import { Card, Facts, Page, Pill } from "../parts/layout.tsx";
import { MessageLine } from "../parts/message.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { readUntil, Time, UntilInput, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/moderation.ts";
import { CaseState, Target } from "./cases.tsx";

export function CasePage({ id }: { id: string }) {
  const session = useSession();
  const found = useAnswer(
    (signal) =>
      session.read(
        session.api.GET("/v1/moderation/cases/{id}", {
          params: { path: { id }, query: session.seen },
          signal,
        }),
      ),
    [session, id],
  );
  return (
    <Page title={t("case")} intro={id}>
      <Answered of={found}>
        {(shown) => (
          <>
            <div class="columns">
              <CaseFacts found={shown} />
              {shown.state === "open" ? (
                <Decision key={shown.acts.length} found={shown} changed={found.reload} />
              ) : (
                <Reopening found={shown} changed={found.reload} />
              )}
            </div>
            <Context found={shown} />
            <Acts found={shown} />
          </>
        )}
      </Answered>
    </Page>
  );
}

interface CaseProps {
  found: CaseDetail;
}

function CaseFacts({ found }: CaseProps) {
  const { target, kind, state, reports, opened_at, excerpt } = found;
  return (
    <Card title={t("target")}>
      <p class="case-excerpt" dir="auto">
        {excerpt ?? <em>{t("noExcerpt")}</em>}
      </p>
      <Facts
        facts={[
          { name: t("target"), value: <Target target={target} /> },
          { name: t("who"), value: <UserLink id={target.user} /> },
          { name: t("kind"), value: t(`kind_${kind}`) },
          { name: t("state"), value: <CaseState state={state} /> },
          { name: t("reports"), value: formatNumber(reports) },
          { name: t("openedAt"), value: <Time at={opened_at} /> },
        ]}
      />
    </Card>
  );
}

type Action = Schemas["CaseActionSchema"];

/** What can be decided about each kind of target. */
const ACTIONS: Record<string, readonly Action[]> = {
  message: ["none", "recall", "silence", "ban"],
  conversation: ["none", "silence", "ban"],
  user: ["none", "silence", "ban"],
  held: ["release", "refuse"],
};

interface DecisionProps extends CaseProps {
  changed: () => void;
}

function Decision({ found, changed }: DecisionProps) {
  const session = useSession();
  const act = useAct();
  const actions = ACTIONS[found.target.type] ?? ["none"];
  const [action, setAction] = useState<Action>(actions[0] ?? "none");
  const canEnd = action === "silence" || action === "ban";
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const body = {
      action,
      ...(field("note") !== "" && { note: field("note") }),
      ...(canEnd && readUntil(field("until"))),
    };
    const params = { path: { id: found.id } };
    const worked = await act.run(
      () =>
        session.change(session.api.POST("/v1/moderation/cases/{id}/resolve", { params, body })),
      t("resolved"),
    );
    if (worked) changed();
  };
  return (
    <Card title={t("decide")}>
      <form class="form" onSubmit={onSubmit}>
        <fieldset class="choices">
          <legend>{t("action")}</legend>
          {actions.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="action"
                value={each}
                checked={each === action}
                onChange={() => setAction(each)}
              />
              {t(`action_${each}`, { user: found.target.user ?? t("nobody") })}
            </label>
          ))}
        </fieldset>
        {canEnd && (
          <Field label={t("until")} hint={t("untilHint")}>
            <UntilInput name="until" />
          </Field>
        )}
        <Field label={t("note")}>
          <textarea class="input" name="note" rows={3} maxLength={1000} dir="auto" />
        </Field>
        <ProblemNote problem={act.problem} />
        <div class="form-actions">
          <button class="button primary" disabled={act.isBusy}>
            {t("resolve")}
          </button>
        </div>
      </form>
    </Card>
  );
}

function Reopening({ found, changed }: DecisionProps) {
  const session = useSession();
  const [isAsking, setAsking] = useState(false);
  const reopen = async () => {
    const params = { path: { id: found.id } };
    await session.change(session.api.POST("/v1/moderation/cases/{id}/reopen", { params }));
    changed();
  };
  return (
    <Card title={t("decide")}>
      <p>{t("reopenText")}</p>
      <div>
        <button type="button" class="button" onClick={() => setAsking(true)}>
          {t("reopen")}
        </button>
      </div>
      {isAsking && (
        <FormDialog
          title={t("reopen")}
          action={t("reopen")}
          close={() => setAsking(false)}
          submit={reopen}
          done={t("reopened")}
        >
          <p>{t("reopenText")}</p>
        </FormDialog>
      )}
    </Card>
  );
}

function Context({ found: { context, target } }: CaseProps) {
  return (
    <Card title={t("context")}>
      <p class="soft">{t("contextHint")}</p>
      {context.length === 0 ? (
        <p class="empty">{t("noContext")}</p>
      ) : (
        <ol class="messages" aria-label={t("context")}>
          {context.map((message) => (
            <MessageLine
              key={message.seq}
              message={message}
              isMarked={message.seq === target.seq}
            />
          ))}
        </ol>
      )}
    </Card>
  );
}

const ACTS = [
  "case_opened",
  "report_filed",
  "evidence_added",
  "case_resolved",
  "case_reopened",
] as const;

function Acts({ found: { acts, truncated } }: CaseProps) {
  const columns: Column<CaseAct>[] = [
    { label: t("openedAt"), cell: ({ at }) => <Time at={at} /> },
    { label: t("action"), cell: ({ type }) => <Pill>{describeAct(type)}</Pill> },
    { label: t("who"), cell: ({ reporter, by }) => <UserLink id={reporter ?? by} /> },
    { label: t("what"), isWide: true, cell: (act) => <ActWords act={act} /> },
  ];
  return (
    <Card title={t("acts")}>
      {truncated === true && <p class="notice warning">{t("truncated")}</p>}
      <Table caption={t("acts")} rows={acts} keyOf={(act) => act.position} columns={columns} />
    </Card>
  );
}

function describeAct(type: string): string {
  const known = ACTS.find((each) => each === type);
  return known ? t(`act_${known}`) : type;
}

function ActWords({ act }: { act: CaseAct }) {
  const { kind, reason, action, detail, note, until, source_position } = act;
  const words = [kind, reason, action, detail].filter((word) => word != null);
  return (
    <span dir="auto">
      {words.map((word) => (
        <code key={word}>{word} </code>
      ))}
      {note}
      {until && (
        <>
          {" "}
          {t("until")} <Time at={until} />
        </>
      )}
      {source_position && (
        <a href={linkTo(["events"], { up_to: String(source_position) })}>
          {t("event", { position: source_position })}
        </a>
      )}
    </span>
  );
}
