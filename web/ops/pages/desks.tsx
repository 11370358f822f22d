// Service desks: a list with how they stand now, their settings, and the figures of each.
import { useState } from "preact/hooks";
import { useAnswer } from "../data/answers.ts";
import type { Desk } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Answered } from "../parts/answered.tsx";
import { TypeNameDialog } from "../parts/act.tsx";
import { Card, Page } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/desks.ts";
import { DeskFiguresPage } from "./desk.tsx";
import { DeskDialog } from "./desk_dialog.tsx";

const EVERY_MS = 5_000;
const PAGE = 200;

export function DesksPage({ route }: PageProps) {
  const [, id] = route.path;
  if (id !== undefined) return <DeskFiguresPage key={id} id={id} query={route.query} />;
  return <DeskList />;
}

/** What a dialog is about: a new desk, one to change, or one to remove. */
type Shown = { act: "add" } | { act: "edit" | "remove"; desk: Desk };

function DeskList() {
  const session = useSession();
  const [shown, setShown] = useState<Shown | null>(null);
  const found = useAnswer(
    async () => {
      const desks: Desk[] = [];
      for (let after: string | null | undefined; after !== null; ) {
        const query = { limit: PAGE, ...(after && { after }), ...session.seen };
        const call = session.api.GET("/v1/admin/desks", { params: { query } });
        const page = await session.read(call);
        desks.push(...page.desks);
        after = page.next;
      }
      return desks;
    },
    [session],
    { every: EVERY_MS },
  );
  const close = () => setShown(null);
  const remove = async ({ id }: Desk) => {
    const params = { path: { desk: id } };
    await session.change(session.api.DELETE("/v1/admin/desks/{desk}", { params }));
    found.reload();
  };
  return (
    <Page
      title={t("title")}
      intro={t("intro")}
      actions={
        <button type="button" class="button primary" onClick={() => setShown({ act: "add" })}>
          {t("add")}
        </button>
      }
    >
      <Card>
        <Answered of={found}>
          {(desks) => (
            <Table
              caption={t("title")}
              rows={desks}
              keyOf={({ id }) => id}
              empty={t("noDesks")}
              columns={columns(setShown)}
            />
          )}
        </Answered>
      </Card>
      {shown?.act === "add" && <DeskDialog desk={null} close={close} changed={found.reload} />}
      {shown?.act === "edit" && (
        <DeskDialog desk={shown.desk} close={close} changed={found.reload} />
      )}
      {shown?.act === "remove" && (
        <TypeNameDialog
          title={t("removeTitle", { id: shown.desk.id })}
          text={t("removeText")}
          name={shown.desk.id}
          action={t("remove")}
          close={close}
          confirm={() => remove(shown.desk)}
          done={t("removed")}
        />
      )}
    </Page>
  );
}

const ROUTINGS = ["manual", "round_robin", "least_busy"] as const;

function columns(show: (shown: Shown) => void): Column<Desk>[] {
  return [
    {
      label: t("desk"),
      isWide: true,
      cell: ({ id, title }) => (
        <a href={linkTo(["desks", id])}>
          <span dir="auto">{title}</span> <span class="id soft">{id}</span>
        </a>
      ),
    },
    { label: t("agents"), cell: ({ agents }) => formatNumber(agents.length), isNumber: true },
    {
      label: t("routing"),
      cell: ({ routing }) => t(`routing_${ROUTINGS.find((each) => each === routing) ?? "manual"}`),
    },
    { label: t("waiting"), cell: ({ waiting }) => formatNumber(waiting), isNumber: true },
    { label: t("open"), cell: ({ open }) => formatNumber(open), isNumber: true },
    {
      label: "",
      cell: (desk) => (
        <span class="row-actions">
          <button
            type="button"
            class="button"
            aria-label={`${t("edit")}: ${desk.id}`}
            onClick={() => show({ act: "edit", desk })}
          >
            {t("edit")}
          </button>
          <button
            type="button"
            class="button risky"
            aria-label={`${t("remove")}: ${desk.id}`}
            onClick={() => show({ act: "remove", desk })}
          >
            {t("remove")}
          </button>
        </span>
      ),
    },
  ];
}
