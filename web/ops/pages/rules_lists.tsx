// Word lists.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useAnswer, useList } from "../data/answers.ts";
import type { Schemas, WordListSummary } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import { Answered, Listed } from "../parts/answered.tsx";
import { FormDialog, TypeNameDialog, type Fields } from "../parts/act.tsx";
import { Card } from "../parts/layout.tsx";
import { Choice } from "../parts/choice.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/rules.ts";

const ACTIONS = ["refuse", "mask", "flag"] as const;
const MATCHES = ["word", "anywhere"] as const;
const PLACES = ["text", "title", "name"] as const;

/** The list that a dialog is about; an empty name for a new one. */
type Shown = { name: string; removing: boolean };

export function WordLists() {
  const session = useSession();
  const [shown, setShown] = useState<Shown | null>(null);
  const list = useList(async (after) => {
    const query = { ...(after !== undefined && { after }), ...session.seen };
    const call = session.api.GET("/v1/moderation/lists", { params: { query } });
    const { lists, next = null } = await session.read(call);
    return { items: lists, next };
  }, [session]);
  const close = () => setShown(null);
  return (
    <Card
      title={t("lists")}
      actions={
        <button
          type="button"
          class="button"
          onClick={() => setShown({ name: "", removing: false })}
        >
          {t("listAdd")}
        </button>
      }
    >
      <Listed of={list}>
        {(rows) => (
          <Table
            caption={t("lists")}
            rows={rows}
            keyOf={({ name }) => name}
            empty={t("noLists")}
            columns={columns(setShown)}
          />
        )}
      </Listed>
      {shown?.removing && <RemoveDialog name={shown.name} close={close} changed={list.reload} />}
      {shown && !shown.removing && (
        <ListDialog name={shown.name} close={close} changed={list.reload} />
      )}
    </Card>
  );
}

function columns(show: (shown: Shown) => void): Column<WordListSummary>[] {
  const find = <T extends string>(all: readonly T[], value: string) =>
    all.find((each) => each === value);
  return [
    { label: t("listName"), cell: ({ name }) => <span class="id">{name}</span> },
    { label: t("wordCount"), cell: ({ word_count }) => formatNumber(word_count), isNumber: true },
    {
      label: t("action"),
      cell: ({ action }) => t(`action_${find(ACTIONS, action) ?? "refuse"}`),
    },
    { label: t("match"), cell: ({ match }) => t(`match_${find(MATCHES, match) ?? "word"}`) },
    {
      label: t("in"),
      cell: (row) => row.in.map((each) => t(`in_${find(PLACES, each) ?? "text"}`)).join(", "),
    },
    { label: t("by"), cell: ({ by }) => <UserLink id={by} /> },
    { label: t("at"), cell: ({ at }) => <Time at={at} /> },
    {
      label: "",
      cell: ({ name }) => (
        <span class="row-actions">
          <button type="button" class="button" onClick={() => show({ name, removing: false })}>
            {t("edit")}
          </button>
          <button
            type="button"
            class="button risky"
            onClick={() => show({ name, removing: true })}
          >
            {t("remove")}
          </button>
        </span>
      ),
    },
  ];
}

interface DialogProps {
  name: string;
  close: () => void;
  changed: () => void;
}

function ListDialog({ name, close, changed }: DialogProps) {
  const session = useSession();
  const list = useAnswer(async () => {
    if (name === "") return EMPTY;
    const call = session.api.GET("/v1/moderation/lists/{name}", { params: { path: { name } } });
    return session.read(call);
  }, [session, name]);
  const submit = async (fields: Fields, form: FormData) => {
    const body = {
      action: ACTIONS.find((each) => each === fields("action")) ?? ACTIONS[0],
      match: MATCHES.find((each) => each === fields("match")) ?? MATCHES[0],
      in: PLACES.filter((each) => form.getAll("in").includes(each)),
      words: fields("words").split("\n").map((word) => word.trim()).filter((word) => word !== ""),
    };
    const params = { path: { name: name === "" ? fields("name") : name } };
    await session.change(session.api.PUT("/v1/moderation/lists/{name}", { params, body }));
    changed();
  };
  return (
    <FormDialog
      title={name === "" ? t("listAdd") : t("listEdit", { name })}
      action={t("save")}
      close={close}
      submit={submit}
      done={t("saved")}
    >
      <Answered of={list}>
        {(found) => (
          <>
            {name === "" && (
              <Field label={t("listName")}>
                <input class="input" name="name" required maxLength={64} spellcheck={false} />
              </Field>
            )}
            <ListFields list={found} />
          </>
        )}
      </Answered>
    </FormDialog>
  );
}

type ListContent = Pick<Schemas["WordList"], "action" | "match" | "in" | "words">;
const EMPTY: ListContent = { action: "refuse", match: "word", in: [...PLACES], words: [] };

function ListFields({ list }: { list: ListContent }) {
  return (
    <>
      <Choice
        name="action"
        label={t("action")}
        value={list.action}
        options={ACTIONS.map((value) => ({ value, label: t(`action_${value}`) }))}
      />
      <Choice
        name="match"
        label={t("match")}
        value={list.match}
        options={MATCHES.map((value) => ({ value, label: t(`match_${value}`) }))}
      />
      <fieldset class="choices">
        <legend>{t("in")}</legend>
        {PLACES.map((each) => (
          <label key={each}>
            <input
              type="checkbox"
              name="in"
              value={each}
              defaultChecked={list.in.includes(each)}
            />
            {t(`in_${each}`)}
          </label>
        ))}
      </fieldset>
      <Field label={t("words")} hint={t("wordsHint")}>
        <textarea
          class="input"
          name="words"
          rows={8}
          required
          dir="auto"
          spellcheck={false}
          defaultValue={list.words.join("\n")}
        />
      </Field>
    </>
  );
}

function RemoveDialog({ name, close, changed }: DialogProps) {
  const session = useSession();
  const confirm = async () => {
    const params = { path: { name } };
    await session.change(session.api.DELETE("/v1/moderation/lists/{name}", { params }));
    changed();
  };
  return (
    <TypeNameDialog
      title={t("removeList", { name })}
      text={t("removeListText")}
      name={name}
      action={t("remove")}
      close={close}
      confirm={confirm}
      done={t("removed")}
    />
  );
}
