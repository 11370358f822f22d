// The filters of the event browser. They are in the address, so that a view can be sent on.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { EVENT_TYPES } from "../data/event_types.ts";
import { SOURCES, type EventFilter } from "../data/events.ts";
import { fromLocalField, toLocalField } from "../format.ts";
import { Card } from "../parts/layout.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/events.ts";

interface EventFiltersProps {
  filter: EventFilter;
  upTo: number | null;
}

/** The only aggregate of the deployment. */
const DEPLOYMENT = "tidings";

export function EventFilters({ filter, upTo }: EventFiltersProps) {
  const [, sourceKind = "", sourceId = ""] = /^\/([a-z]+)\/(.+)$/.exec(filter.source) ?? [];
  const [kind, setKind] = useState(sourceKind);
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const id = kind === "deployment" ? DEPLOYMENT : field("source_id");
    location.hash = linkTo(["events"], {
      type: field("type").replace(/\s/g, ""),
      source: kind !== "" && id !== "" ? `/${kind}/${id}` : "",
      user: field("user"),
      since: fromLocalField(field("since")),
      until: fromLocalField(field("until")),
      up_to: field("up_to"),
    });
  };
  return (
    <Card>
      <form class="filters" onSubmit={onSubmit} role="search">
        <Field label={t("types")}>
          <input
            class="input"
            name="type"
            list="event-types"
            placeholder="message_sent,member_added"
            defaultValue={filter.type}
          />
        </Field>
        <datalist id="event-types">
          {EVENT_TYPES.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
        <Field label={t("source")}>
          <select class="input" value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
            <option value="">{t("source_any")}</option>
            {SOURCES.map((source) => (
              <option key={source} value={source}>
                {t(`source_${source}`)}
              </option>
            ))}
          </select>
        </Field>
        {kind !== "" && kind !== "deployment" && (
          <Field label={t("sourceId")}>
            <input class="input" name="source_id" required defaultValue={sourceId} />
          </Field>
        )}
        <Field label={t("user")}>
          <input class="input" name="user" defaultValue={filter.user} />
        </Field>
        <TimeFields filter={filter} upTo={upTo} />
        <div class="form-row">
          <button class="button primary">{t("apply")}</button>
          <a class="button" href="#/events">
            {t("clear")}
          </a>
        </div>
      </form>
    </Card>
  );
}

function TimeFields({ filter, upTo }: EventFiltersProps) {
  const time = (value: string) => (value === "" ? "" : toLocalField(new Date(value)));
  return (
    <>
      <Field label={t("since")}>
        <input
          class="input"
          name="since"
          type="datetime-local"
          step="1"
          defaultValue={time(filter.since)}
        />
      </Field>
      <Field label={t("until")}>
        <input
          class="input"
          name="until"
          type="datetime-local"
          step="1"
          defaultValue={time(filter.until)}
        />
      </Field>
      <Field label={t("upTo")}>
        <input
          class="input"
          name="up_to"
          type="number"
          min="1"
          step="1"
          defaultValue={upTo === null ? "" : String(upTo)}
        />
      </Field>
    </>
  );
}
