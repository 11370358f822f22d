// Who is silenced or banned in a group.
import { useState } from "preact/hooks";
import { locale } from "../../../shared/language.ts";
import { useName } from "../../names.tsx";
import type { Schemas } from "../calls.ts";
import { formatMoment } from "../forms/times.ts";
import { useArrivals, useHost } from "../host.ts";
import { ChoiceField } from "../parts/fields.tsx";
import { Frame, Section } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { useAct, usePages } from "../parts/loading.ts";
import { PeoplePicker } from "../people/picker.tsx";
import { PersonRow } from "../people/person.tsx";
import { t } from "../texts/groups.ts";
import { SanctionDialog, type SanctionKind } from "./sanction_dialog.tsx";

type Sanction = Schemas["Sanction"];

export function SanctionsPage({ conversation: id }: { conversation: string }) {
  const silences = useSanctions(id, "silences");
  const bans = useSanctions(id, "bans");
  const reload = () => {
    silences.reload();
    bans.reload();
  };
  useArrivals(reload);
  const row = (kind: SanctionKind) => (sanction: Sanction) => (
    <SanctionRow key={sanction.user} id={id} kind={kind} sanction={sanction} reload={reload} />
  );
  return (
    <Frame>
      <NewSanction id={id} done={reload} />
      <Section title={t("silences")}>
        <PagedList
          pages={silences}
          label={t("silences")}
          empty={t("nobodySilenced")}
          draw={row("silences")}
        />
      </Section>
      <Section title={t("bans")}>
        <PagedList pages={bans} label={t("bans")} empty={t("nobodyBanned")} draw={row("bans")} />
      </Section>
    </Frame>
  );
}

function useSanctions(id: string, kind: SanctionKind) {
  const { api, calls } = useHost();
  return usePages(async (after) => {
    const params = { path: { id }, query: { after, ...calls.since } };
    if (kind === "silences") {
      const path = "/v1/conversations/{id}/silences";
      const page = await calls.ask(api.GET(path, { params }));
      return { rows: page.silences, next: page.next };
    }
    const page = await calls.ask(api.GET("/v1/conversations/{id}/bans", { params }));
    return { rows: page.bans, next: page.next };
  }, `${kind} ${id}`);
}

interface SanctionRowProps {
  id: string;
  kind: SanctionKind;
  sanction: Sanction;
  reload: () => void;
}

function SanctionRow({ id, kind, sanction, reload }: SanctionRowProps) {
  const { api, calls } = useHost();
  const { user, by, reason, until } = sanction;
  const name = useName(user);
  const byName = useName(by);
  const { isBusy, act } = useAct();
  const lift = async () => {
    const params = { path: { id, user } };
    await calls.ask(
      kind === "silences"
        ? api.DELETE("/v1/conversations/{id}/silences/{user}", { params })
        : api.DELETE("/v1/conversations/{id}/bans/{user}", { params }),
    );
    reload();
  };
  const facts = [
    t("by", { name: byName }),
    until !== null && t("untilDate", { date: formatMoment(until, locale()) }),
    reason,
  ];
  return (
    <PersonRow
      user={user}
      note={facts.filter(Boolean).join(" · ")}
      actions={
        <button
          type="button"
          class="button"
          aria-label={t("liftOf", { name })}
          disabled={isBusy}
          onClick={() => act(lift, t("lifted"))}
        >
          {t("lift")}
        </button>
      }
    />
  );
}

/** Also for people who are not members: a ban can come before they join. */
function NewSanction({ id, done }: { id: string; done: () => void }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [kind, setKind] = useState<SanctionKind>("silences");
  const [isAsking, setAsking] = useState(false);
  const [user] = chosen;
  return (
    <Section title={t("newSanction")}>
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          setAsking(user !== undefined);
        }}
      >
        <PeoplePicker label={t("who")} chosen={chosen} change={setChosen} most={1} />
        {user !== undefined && (
          <>
            <ChoiceField
              label={t("what")}
              value={kind}
              choices={[
                { value: "silences", label: t("doSilence") },
                { value: "bans", label: t("doBan") },
              ]}
              change={setKind}
            />
            <button type="submit" class="button">
              {t(kind === "silences" ? "silence" : "ban")}
            </button>
          </>
        )}
      </form>
      {isAsking && user !== undefined && (
        <SanctionDialog
          id={id}
          kind={kind}
          user={user}
          close={() => setAsking(false)}
          done={() => {
            setChosen([]);
            done();
          }}
        />
      )}
    </Section>
  );
}
