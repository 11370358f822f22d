// The links by which people join a group.
import { useState } from "preact/hooks";
import { Icon } from "../../../shared/icon.tsx";
import { locale } from "../../../shared/language.ts";
import { showToast } from "../../../shared/toast.tsx";
import { useName } from "../../names.tsx";
import type { Schemas } from "../calls.ts";
import { formatDuration, formatMoment } from "../forms/times.ts";
import { checkWholeNumber, LIMITS } from "../forms/validation.ts";
import { useArrivals, useHost } from "../host.ts";
import { ChoiceField, describeNumberFault, TextField } from "../parts/fields.tsx";
import { Frame, Section } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { useAct, usePages } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";

type Link = Schemas["Link"];

/** As the API takes durations, with their seconds. */
const LIFETIMES = { "1h": 3600, "1d": 86_400, "7d": 604_800, "30d": 2_592_000 };
type Lifetime = keyof typeof LIFETIMES | "never";

export function LinksPage({ conversation: id }: { conversation: string }) {
  const { api, calls } = useHost();
  const links = usePages(async (after) => {
    const params = { path: { id }, query: { after, ...calls.since } };
    const page = await calls.ask(api.GET("/v1/conversations/{id}/links", { params }));
    return { rows: page.links, next: page.next };
  }, id);
  useArrivals(links.reload);
  return (
    <Frame>
      <NewLink id={id} done={links.reload} />
      <PagedList
        pages={links}
        label={t("links")}
        empty={t("noLinks")}
        draw={(link) => <LinkItem key={link.code} id={id} link={link} reload={links.reload} />}
      />
    </Frame>
  );
}

function NewLink({ id, done }: { id: string; done: () => void }) {
  const { api, calls } = useHost();
  const [uses, setUses] = useState("");
  const [lifetime, setLifetime] = useState<Lifetime>("7d");
  const { isBusy, act } = useAct();
  const fault = uses === "" ? null : checkWholeNumber(uses, LIMITS.linkUses);
  const make = async () => {
    const body = {
      ...(uses !== "" && { max_uses: Number(uses) }),
      ...(lifetime !== "never" && { expires_in: lifetime }),
    };
    const params = { path: { id } };
    const link = await calls.ask(api.POST("/v1/conversations/{id}/links", { params, body }));
    setUses("");
    done();
    await copyLink(link.code);
  };
  const lifetimes = Object.entries(LIFETIMES).map(([value, seconds]) => ({
    value: value as Lifetime,
    label: t("after", { duration: formatDuration(seconds, locale()) }),
  }));
  return (
    <Section title={t("newLink")}>
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (fault === null) void act(make);
        }}
      >
        <TextField
          label={t("maxUses")}
          hint={t("maxUsesHint")}
          inputmode="numeric"
          value={uses}
          change={setUses}
          fault={fault && describeNumberFault(fault, LIMITS.linkUses)}
        />
        <ChoiceField
          label={t("expires")}
          value={lifetime}
          choices={[...lifetimes, { value: "never", label: t("never") }]}
          change={setLifetime}
        />
        <button type="submit" class="button primary" disabled={isBusy || fault !== null}>
          {t("makeLink")}
        </button>
      </form>
    </Section>
  );
}

/** The address that opens this page with the link. */
function addressOf(code: string): string {
  return `${location.origin}${location.pathname}#/join/${encodeURIComponent(code)}`;
}

async function copyLink(code: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(addressOf(code));
    showToast(common("copied"));
  } catch {
    // Without the permission, or outside of a secure page: the address is shown to be copied.
    showToast(addressOf(code));
  }
}

function LinkItem({ id, link, reload }: { id: string; link: Link; reload: () => void }) {
  const { api, calls } = useHost();
  const name = useName(link.by);
  const { isBusy, act } = useAct();
  const end = async () => {
    const params = { path: { id, code: link.code } };
    await calls.ask(api.DELETE("/v1/conversations/{id}/links/{code}", { params }));
    reload();
  };
  const { uses, max_uses: max, expires_at: expires } = link;
  const facts = [
    max === null ? t("uses", { count: uses }) : t("usesOf", { count: uses, max }),
    expires !== null && t("expiresAt", { date: formatMoment(expires, locale()) }),
    t("linkBy", { name }),
  ];
  return (
    <li class="panel-row wraps">
      <span class="panel-row-text">
        <input
          class="input link-address"
          readOnly
          dir="ltr"
          aria-label={t("links")}
          value={addressOf(link.code)}
          onFocus={(event) => event.currentTarget.select()}
        />
        <span class="panel-row-note">{facts.filter(Boolean).join(" · ")}</span>
        {!link.is_live && <span class="panel-tag danger">{t("isOver")}</span>}
      </span>
      <div class="panel-row-actions">
        <button
          type="button"
          class="icon-button"
          aria-label={t("copyLink")}
          onClick={() => copyLink(link.code)}
        >
          <Icon name="copy" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={t("endLink")}
          disabled={isBusy}
          onClick={() => act(end, t("linkEnded"))}
        >
          <Icon name="delete" />
        </button>
      </div>
    </li>
  );
}
