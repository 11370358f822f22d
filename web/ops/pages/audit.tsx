// The audit, the newest entries first.
import { useEffect, useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import type { AuditEntry } from "../data/schemas.ts";
import { findBefore } from "../data/scan.ts";
import { NO_FILTER } from "../data/events.ts";
import { useSession, type Session } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Failure, Loading } from "../parts/answered.tsx";
import { Card, Page } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Nothing, Time, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/control.ts";

export function AuditPage({ route: { query } }: PageProps) {
  const actor = query.get("actor") ?? "";
  const acts = query.get("acts") ?? "";
  const audit = useAudit(useSession(), actor, acts);
  return (
    <Page
      title={t("audit")}
      intro={t("auditIntro")}
      actions={
        <button type="button" class="button" onClick={audit.reload}>
          {common("refresh")}
        </button>
      }
    >
      <AuditFilters key={`${actor} ${acts}`} actor={actor} acts={acts} />
      <Card>
        {audit.error !== null && <Failure error={audit.error} retry={audit.reload} />}
        {audit.isLoading && audit.entries.length === 0 ? (
          <Loading />
        ) : (
          <Table
            caption={t("audit")}
            rows={audit.entries.map((entry, index) => ({ ...entry, index }))}
            keyOf={({ index }) => index}
            empty={t("noAudit")}
            columns={columns()}
          />
        )}
        {audit.readTo !== null && audit.readTo > 0 && (
          <button
            type="button"
            class="button more"
            disabled={audit.isLoading}
            onClick={audit.loadOlder}
          >
            {common("more")}
          </button>
        )}
      </Card>
    </Page>
  );
}

function AuditFilters({ actor, acts }: { actor: string; acts: string }) {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "").replace(/\s/g, "");
    location.hash = linkTo(["audit"], { actor: field("actor"), acts: field("acts") });
  };
  return (
    <Card>
      <form class="filters" role="search" onSubmit={onSubmit}>
        <Field label={t("actor")}>
          <input
            class="input"
            name="actor"
            autocapitalize="none"
            spellcheck={false}
            defaultValue={actor}
          />
        </Field>
        <Field label={t("acts")}>
          <input
            class="input"
            name="acts"
            placeholder="read_as_user,token_issued"
            spellcheck={false}
            defaultValue={acts}
          />
        </Field>
        <div class="form-row">
          <button class="button primary">{t("apply")}</button>
          <a class="button" href="#/audit">
            {t("clear")}
          </a>
        </div>
      </form>
    </Card>
  );
}

function columns(): Column<AuditEntry & { index: number }>[] {
  return [
    { label: common("at"), cell: ({ at }) => <Time at={at} /> },
    { label: t("actor"), cell: ({ actor }) => <UserLink id={actor} /> },
    { label: t("act"), cell: ({ act }) => <code>{act}</code> },
    {
      label: t("target"),
      cell: ({ target }) => (target ? <span class="id">{target}</span> : <Nothing />),
    },
    {
      label: t("detail"),
      isWide: true,
      cell: ({ detail }) => <span class="clipped">{describe(detail)}</span>,
    },
    {
      label: t("position"),
      isNumber: true,
      cell: ({ position }) => (
        <a href={linkTo(["events"], { up_to: String(position) })}>{formatNumber(position)}</a>
      ),
    },
  ];
}

function describe(detail: Record<string, unknown>): string {
  const facts = Object.entries(detail).map(([name, value]) => {
    return `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`;
  });
  return facts.join(" · ");
}

type Audit = {
  entries: AuditEntry[];
  readTo: number | null;
  isLoading: boolean;
  error: unknown;
  loadOlder: () => void;
  reload: () => void;
};

const WANTED = 50;
const PAGE = 200;

function useAudit(session: Session, actor: string, acts: string): Audit {
  const [found, setFound] = useState<{ entries: AuditEntry[]; readTo: number | null }>({
    entries: [],
    readTo: null,
  });
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);

  const load = async (before: number | null, earlier: AuditEntry[], isCurrent: () => boolean) => {
    setLoading(true);
    setError(null);
    try {
      const last = before ?? (await readHead(session));
      const page = await findBefore(last, WANTED, (after, upTo) =>
        readAudit(session, { actor, acts, after, upTo }),
      );
      if (!isCurrent()) return;
      setFound({ entries: [...earlier, ...page.events], readTo: page.readTo });
    } catch (failure) {
      if (isCurrent()) setError(failure);
    } finally {
      if (isCurrent()) setLoading(false);
    }
  };
  useEffect(() => {
    let isCurrent = true;
    setFound({ entries: [], readTo: null });
    void load(null, [], () => isCurrent);
    return () => void (isCurrent = false);
  }, [session, actor, acts, round]);

  const loadOlder = () => void load(found.readTo, found.entries, () => true);
  return { ...found, isLoading, error, loadOlder, reload: () => setRound((count) => count + 1) };
}

async function readHead(session: Session): Promise<number> {
  return (await session.readEvents(NO_FILTER, Number.MAX_SAFE_INTEGER, null, 1)).head;
}

type AuditRange = { actor: string; acts: string; after: number; upTo: number };

/** All entries of a range, page by page. The API filters by actor only. */
async function readAudit(
  session: Session,
  { actor, acts, after, upTo }: AuditRange,
): Promise<AuditEntry[]> {
  const wanted = acts.split(",").filter((act) => act !== "");
  const entries: AuditEntry[] = [];
  // What was done before the first event stands at position 0, which is after nothing.
  let cursor: string | null = after === 0 ? "" : String(after);
  while (cursor !== null) {
    const query = {
      limit: PAGE,
      ...(cursor !== "" && { after: cursor }),
      ...(actor !== "" && { actor }),
    };
    const page: { entries: AuditEntry[]; next?: string | null } = await session.read(
      session.api.GET("/v1/admin/audit", { params: { query } }),
    );
    entries.push(...page.entries.filter(({ position }) => position <= upTo));
    const isPast = page.entries.some(({ position }) => position > upTo);
    cursor = isPast ? null : (page.next ?? null);
  }
  return wanted.length === 0 ? entries : entries.filter(({ act }) => wanted.includes(act));
}
