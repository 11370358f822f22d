// Chooses people by typing: a combobox with suggestions, and those who are chosen.
import { useId, useRef, useState } from "preact/hooks";
import { PictureAvatar } from "../../files/picture_avatar.tsx";
import { Icon } from "../../../shared/icon.tsx";
import { useName } from "../../names.tsx";
import { useHost } from "../host.ts";
import { useLoaded } from "../parts/loading.ts";
import { useSettled } from "../parts/search_field.tsx";
import { t } from "../texts/people.ts";

export type FindPeople = (
  query: string,
  limit: number,
) => Promise<readonly { id: string; display_name: string | null; avatar: string | null }[]>;

interface PickerProps {
  label: string;
  chosen: readonly string[];
  change: (chosen: string[]) => void;
  /** At most this many. */
  most?: number;
  /** The user can choose themselves. */
  withSelf?: boolean;
  /** Finds others than those whom the user sees. */
  find?: FindPeople;
}

interface Option {
  user: string;
  name: string;
  picture: string | null;
}

const MOST_OPTIONS = 8;

export function PeoplePicker(props: PickerProps) {
  const { label, chosen, change, most } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const box = useCombobox(props);
  const { shown, active } = box;
  const isFull = most !== undefined && chosen.length >= most;
  const remove = (user: string) => {
    change(chosen.filter((each) => each !== user));
    input.current?.focus();
  };
  return (
    <div class="field picker">
      <label for={id}>{label}</label>
      <div class="picker-box">
        {chosen.map((user) => (
          <Chip key={user} user={user} remove={() => remove(user)} />
        ))}
        <input
          id={id}
          ref={input}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={shown.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={shown.length > 0 ? `${id}-${active}` : undefined}
          aria-describedby={`${id}-hint`}
          autocomplete="off"
          spellcheck={false}
          dir="auto"
          hidden={isFull}
          value={box.text}
          onInput={(event) => box.type(event.currentTarget.value)}
          onBlur={box.close}
          onKeyDown={box.onKeyDown}
        />
      </div>
      <small id={`${id}-hint`}>{t("pickHint")}</small>
      <Suggestions id={id} label={label} options={shown} active={active} choose={box.choose} />
    </div>
  );
}

/** What is typed, what is suggested for it, and what the keys do. */
function useCombobox({ chosen, change, withSelf = false, find }: PickerProps) {
  const { client, me } = useHost();
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const taken = withSelf ? chosen : [...chosen, me];
  const options = useOptions(text, taken, find ?? client.people.search);
  const shown = isOpen ? options : [];
  const type = (next: string) => {
    setText(next);
    setActive(0);
    setOpen(next !== "");
  };
  const choose = (user: string) => {
    change([...chosen, user]);
    type("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Backspace" && text === "") return change(chosen.slice(0, -1));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && options.length > 0) {
      setOpen(true);
      setActive((active + step + options.length) % options.length);
    } else if (event.key === "Enter" && shown[active] !== undefined) {
      choose(shown[active].user);
    } else if (event.key === "Escape" && shown.length > 0) {
      setOpen(false);
    } else return;
    event.preventDefault();
  };
  return { text, shown, active, type, choose, onKeyDown, close: () => setOpen(false) };
}

interface SuggestionsProps {
  id: string;
  label: string;
  options: readonly Option[];
  active: number;
  choose: (user: string) => void;
}

function Suggestions({ id, label, options, active, choose }: SuggestionsProps) {
  const count = options.length;
  return (
    <>
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        class="picker-list"
        hidden={count === 0}
      >
        {options.map((option, at) => (
          <OptionRow
            key={option.user}
            id={`${id}-${at}`}
            option={option}
            isActive={at === active}
            choose={() => choose(option.user)}
          />
        ))}
      </ul>
      <span class="hidden-label" role="status">
        {count > 0 && t("suggestions", { count })}
      </span>
    </>
  );
}

function useOptions(text: string, taken: readonly string[], find: FindPeople): Option[] {
  const wanted = useSettled(text.trim());
  const found = useLoaded(
    async () => (wanted === "" ? [] : find(wanted, MOST_OPTIONS)),
    wanted,
  );
  if (text.trim() === "") return [];
  const people = (found.data ?? []).map((profile) => ({
    user: profile.id,
    name: profile.display_name ?? profile.id,
    picture: profile.avatar,
  }));
  // Somebody whom the user cannot see yet may still be named exactly.
  const exact = { user: text.trim(), name: text.trim(), picture: null };
  const isThere = people.some(({ user }) => user === exact.user);
  const all = isThere || wanted !== text.trim() ? people : [...people, exact];
  return all.filter(({ user }) => !taken.includes(user));
}

/** Keys of an input method choose a character, not a person. */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

function Chip({ user, remove }: { user: string; remove: () => void }) {
  const name = useName(user);
  return (
    <span class="chip">
      <bdi>{name}</bdi>
      <button type="button" aria-label={t("removeOf", { name })} onClick={remove}>
        <Icon name="close" size={14} />
      </button>
    </span>
  );
}

interface OptionRowProps {
  id: string;
  option: Option;
  isActive: boolean;
  choose: () => void;
}

function OptionRow({ id, option, isActive, choose }: OptionRowProps) {
  return (
    <li
      id={id}
      role="option"
      aria-selected={isActive}
      class="picker-option"
      // The field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
      onClick={choose}
    >
      <PictureAvatar id={option.user} name={option.name} picture={option.picture} size={28} />
      <bdi>{option.name}</bdi>
      {option.name !== option.user && <bdi class="soft">@{option.user}</bdi>}
    </li>
  );
}
