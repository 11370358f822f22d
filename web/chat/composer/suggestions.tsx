// Suggestions for mentions and emoji while a text is written: a list box that the field controls.
import type { RefObject } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { UserAvatar } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { type Suggestion, completeAt } from "./mentions.ts";

interface SuggestionOptions {
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  members: readonly string[];
  /** Replaces a part of the text. */
  insert: (from: number, to: number, piece: string) => void;
}

export interface Suggestions {
  id: string;
  open: boolean;
  suggestions: readonly Suggestion[];
  active: number;
  activeId: string | undefined;
  choose: (at: number) => void;
  onCaret: () => void;
  /** Whether it has used the key. */
  onKey: (event: KeyboardEvent) => boolean;
}

export function useSuggestions({ field, text, members, insert }: SuggestionOptions): Suggestions {
  const { client } = useSession();
  const id = useId();
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const completion = useMemo(
    () => (dismissed === text ? null : completeAt(text, caret, members, client.state)),
    [text, caret, members, dismissed],
  );
  const suggestions = completion?.suggestions ?? [];
  const open = suggestions.length > 0;
  const at = Math.min(active, suggestions.length - 1);

  const choose = (index: number) => {
    const chosen = suggestions[index];
    if (completion === null || chosen === undefined) return;
    insert(completion.from, caret, chosen.text);
    setActive(0);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    if (!open) return false;
    const { length } = suggestions;
    if (event.key === "ArrowDown") setActive((at + 1) % length);
    else if (event.key === "ArrowUp") setActive((at + length - 1) % length);
    else if (event.key === "Enter" || event.key === "Tab") choose(at);
    else if (event.key === "Escape") setDismissed(text);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return {
    ...{ id, open, suggestions, active: at, choose, onKey },
    activeId: open ? `${id}-${at}` : undefined,
    onCaret: () => setCaret(field.current?.selectionStart ?? 0),
  };
}

export function SuggestionList({ id, open, suggestions, active, choose }: Suggestions) {
  return (
    <ul id={id} class="suggestions" role="listbox" aria-label={t("suggestions")} hidden={!open}>
      {suggestions.map((suggestion, at) => (
        <li
          key={suggestion.key}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === active}
          // The field keeps the focus.
          onMouseDown={(event) => {
            event.preventDefault();
            choose(at);
          }}
        >
          {suggestion.user !== undefined && <UserAvatar user={suggestion.user} size={26} />}
          {suggestion.sign !== undefined && <span class="suggested-sign">{suggestion.sign}</span>}
          <bdi>{suggestion.label}</bdi>
          {suggestion.user !== undefined && <span class="soft">@{suggestion.user}</span>}
        </li>
      ))}
    </ul>
  );
}
