// The moderation queue: its list, or one case.
import { Field } from "../../shared/field.tsx";
import { useList } from "../data/answers.ts";
import type { Case, CaseTarget } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Listed } from "../parts/answered.tsx";
import { Card, Page, Pill } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ConversationLink, MessageLink, Time, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/moderation.ts";
import { CasePage } from "./case.tsx";

export function CasesPage({ route }: PageProps) {
  const [, id] = route.path;
  return id === undefined ? <CaseList route={route} /> : <CasePage key={id} id={id} />;
}

const STATES = ["open", "closed", "all"] as const;

function CaseList({ route: { query } }: PageProps) {
  const session = useSession();
  const state = STATES.find((each) => each === query.get("state")) ?? "open";
  const conversation = query.get("conversation") ?? "";
  const list = useList(async (after) => {
    const asked = {
      ...(state !== "all" && { state }),
      ...(conversation !== "" && { conversation }),
      ...(after !== undefined && { after }),
      ...session.seen,
    };
    const call = session.api.GET("/v1/moderation/cases", { params: { query: asked } });
    const { cases, next = null } = await session.read(call);
    return { items: cases, next };
  }, [session, state, conversation]);
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    location.hash = linkTo(["cases"], { state, conversation: String(form.get("conversation")) });
  };
  return (
    <Page title={t("title")} intro={t("intro")}>
      <Card>
        <div class="form-row">
          <nav class="segments" aria-label={t("state")}>
            {STATES.map((each) => (
              <a
                key={each}
                href={linkTo(["cases"], { state: each, conversation })}
                aria-current={each === state ? "page" : undefined}
              >
                {t(each)}
              </a>
            ))}
          </nav>
          <form class="search-form" onSubmit={onSubmit}>
            <Field label={t("conversation")}>
              <input class="input" name="conversation" defaultValue={conversation} />
            </Field>
            <button class="button">{t("filter")}</button>
          </form>
        </div>
        <Listed of={list}>
          {(cases) => (
            <Table
              caption={t("title")}
              rows={cases}
              keyOf={({ id }) => id}
              empty={t(state === "open" ? "queueEmpty" : "noCases")}
              columns={columns()}
            />
          )}
        </Listed>
      </Card>
    </Page>
  );
}

function columns(): Column<Case>[] {
  return [
    {
      label: t("excerpt"),
      isWide: true,
      cell: ({ id, excerpt }) => (
        <a class="clipped" dir="auto" href={linkTo(["cases", id])}>
          {excerpt ?? t("noExcerpt")}
        </a>
      ),
    },
    { label: t("target"), cell: ({ target }) => <Target target={target} /> },
    { label: t("kind"), cell: ({ kind }) => t(`kind_${kind}`) },
    { label: t("reports"), cell: ({ reports }) => formatNumber(reports), isNumber: true },
    { label: t("openedAt"), cell: ({ opened_at }) => <Time at={opened_at} /> },
    { label: t("state"), cell: ({ state }) => <CaseState state={state} /> },
  ];
}

export function CaseState({ state }: { state: Case["state"] }) {
  return <Pill tone={state === "open" ? "warning" : "good"}>{t(state)}</Pill>;
}

export function Target({ target }: { target: CaseTarget }) {
  const { type, conversation_id, seq, user } = target;
  if (type === "message" && conversation_id && seq) {
    return <MessageLink conversation={conversation_id} seq={seq} />;
  }
  if (type === "user") return <UserLink id={user} />;
  return (
    <span>
      {t(type === "conversation" ? "target_conversation" : "target_held")}{" "}
      <ConversationLink id={conversation_id} />
    </span>
  );
}
