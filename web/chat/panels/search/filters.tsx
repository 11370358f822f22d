// Filters of a search as fields, which read and write the operators of the query.
import { useState } from "preact/hooks";
import { Icon } from "../../../shared/icon.tsx";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { ChoiceField, TextField } from "../parts/fields.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/search.ts";
import {
  type Operator,
  OPERATORS,
  readOperator,
  removeOperator,
  writeOperator,
} from "./query.ts";

interface FiltersProps {
  query: string;
  change: (query: string) => void;
}

/** Others are typed: the query takes any id. */
const MOST_OPTIONS = 200;
const TYPES = ["text", "image", "file", "audio", "video", "location", "custom"] as const;

export function SearchFilters({ query, change }: FiltersProps) {
  // With many people and conversations, the lists cost time: they are drawn when they are shown.
  const [isOpen, setOpen] = useState(false);
  const set = (operator: Operator) => (value: string) =>
    change(`${writeOperator(query, operator, value)}${value === "" ? "" : " "}`);
  const value = (operator: Operator) => readOperator(query, operator) ?? "";
  const used = OPERATORS.filter((operator) => value(operator) !== "");
  return (
    <details
      class="search-filters"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Icon name="chevron" size={14} />
        {t("filters")}
        {used.length > 0 && <span class="panel-count">{used.length}</span>}
      </summary>
      {isOpen && <FilterFields set={set} value={value} />}
      {used.length > 0 && (
        <button
          type="button"
          class="link-button"
          onClick={() => change(used.reduce(removeOperator, query))}
        >
          {t("clear")}
        </button>
      )}
    </details>
  );
}

interface FilterFieldsProps {
  value: (operator: Operator) => string;
  set: (operator: Operator) => (value: string) => void;
}

function FilterFields({ value, set }: FilterFieldsProps) {
  return (
    <div class="search-grid">
      <PlaceFilter value={value("in")} change={set("in")} />
      <SenderFilter value={value("from")} change={set("from")} />
      <ChoiceField
        label={t("type")}
        value={value("type")}
        choices={withOther(
          [
            { value: "", label: t("anyType") },
            ...TYPES.map((type) => ({ value: type, label: t(type) })),
          ],
          value("type"),
        )}
        change={set("type")}
      />
      <ChoiceField
        label={t("has")}
        value={value("has")}
        choices={withOther(
          [
            { value: "", label: t("anything") },
            { value: "link", label: t("link") },
            { value: "mention", label: t("mention") },
          ],
          value("has"),
        )}
        change={set("has")}
      />
      <TextField
        label={t("after")}
        type="date"
        value={value("after")}
        change={set("after")}
        hint={t("daysHint")}
      />
      <TextField label={t("before")} type="date" value={value("before")} change={set("before")} />
    </div>
  );
}

interface FilterProps {
  value: string;
  change: (value: string) => void;
}

interface Option {
  value: string;
  label: string;
}

/** A value that was typed stays selectable, although the list does not know it. */
function withOther(options: Option[], value: string): Option[] {
  const isThere = options.some((option) => option.value === value);
  return isThere ? options : [...options, { value, label: value }];
}

function PlaceFilter({ value, change }: FilterProps) {
  const inbox = useSelect((state) => state.inbox);
  const conversations = useSelect((state) => state.conversations);
  const people = useSelect((state) => state.people);
  const ids = [...inbox.order.slice(0, MOST_OPTIONS), ...inbox.archived.slice(0, MOST_OPTIONS)];
  const options = ids.map((id) => {
    const conversation = conversations.get(id);
    const peer = conversation?.peer ?? null;
    const name = peer === null ? conversation?.title : (people.get(peer)?.display_name ?? peer);
    return { value: id, label: name ?? common("untitled") };
  });
  const all = [{ value: "", label: t("everywhere") }, ...options];
  return (
    <ChoiceField
      label={t("inside")}
      value={value}
      choices={withOther(all, value)}
      change={change}
    />
  );
}

function SenderFilter({ value, change }: FilterProps) {
  const { me } = useHost();
  const people = useSelect((state) => state.people);
  const options = Array.from(people.values())
    .filter(({ id }) => id !== me)
    .map(({ id, display_name }) => ({ value: id, label: display_name ?? id }))
    .sort((one, other) => one.label.localeCompare(other.label))
    .slice(0, MOST_OPTIONS);
  const all = [{ value: "", label: t("fromAnybody") }, { value: "me", label: t("fromMe") }];
  return (
    <ChoiceField
      label={t("from")}
      value={value}
      choices={withOther([...all, ...options], value)}
      change={change}
    />
  );
}
