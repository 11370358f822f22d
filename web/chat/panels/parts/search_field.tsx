// A field for a search, and its text once the reader has stopped typing.
import type { Ref } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { Icon } from "../../../shared/icon.tsx";

const SETTLE_MS = 200;

interface SearchFieldProps {
  label: string;
  hint?: string;
  value: string;
  change: (value: string) => void;
  input?: Ref<HTMLInputElement>;
  maxLength?: number;
}

export function SearchField(props: SearchFieldProps) {
  const id = useId();
  return (
    <div class="panel-search" role="search">
      <label for={id} class="hidden-label">
        {props.label}
      </label>
      <Icon name="search" size={18} />
      <input
        id={id}
        ref={props.input}
        class="input"
        type="search"
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        placeholder={props.hint ?? props.label}
        value={props.value}
        maxLength={props.maxLength}
        onInput={(event) => props.change(event.currentTarget.value)}
      />
    </div>
  );
}

/** The value once it has not changed for a moment; nothing at once. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), value === "" ? 0 : SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
