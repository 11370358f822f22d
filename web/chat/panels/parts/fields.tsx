// Fields of forms that say what is wrong with what they hold.
import { useId } from "preact/hooks";
import { countPoints, type Fault, type Limits } from "../forms/validation.ts";
import { faultText } from "../texts/common.ts";

export function describeFault(fault: Fault, limits: Limits = {}): string {
  return faultText(fault, { min: limits.min ?? 0, max: limits.max ?? 0 });
}

interface TextFieldProps {
  label: string;
  value: string;
  change: (value: string) => void;
  hint?: string | undefined;
  fault?: string | null | undefined;
  /** Shows how much is left near this number of code points. */
  max?: number | undefined;
  rows?: number;
  type?: "text" | "password" | "url" | "number" | "date" | "datetime-local" | "time";
  name?: string;
  autocomplete?: string;
  inputmode?: "numeric" | "url" | "text";
  required?: boolean;
  min?: string;
  maxValue?: string;
}

export function TextField(props: TextFieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = props.fault ?? nearEnd(props) ?? props.hint;
  const shared = {
    id,
    class: "input",
    name: props.name,
    value: props.value,
    required: props.required,
    "aria-invalid": props.fault ? true : undefined,
    "aria-describedby": note ? noteId : undefined,
    dir: "auto" as const,
    onInput: (event: { currentTarget: { value: string } }) =>
      props.change(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.rows ? (
        <textarea {...shared} rows={props.rows} />
      ) : (
        <input
          {...shared}
          // The types of attributes differ between the types of inputs; all of these are texts.
          type={(props.type ?? "text") as "text"}
          autocomplete={props.autocomplete ?? "off"}
          inputMode={props.inputmode}
          min={props.min}
          max={props.maxValue}
          step={props.type === "datetime-local" ? "any" : undefined}
        />
      )}
      {note && (
        <small id={noteId} class={props.fault ? "panel-fault" : ""}>
          {note}
        </small>
      )}
    </div>
  );
}

function nearEnd({ max, value }: TextFieldProps): string | undefined {
  if (max === undefined) return undefined;
  const count = countPoints(value);
  return count > max * 0.8 ? `${count} / ${max}` : undefined;
}

export interface Choice<Value extends string> {
  value: Value;
  label: string;
}

export function ChoiceField<Value extends string>(props: {
  label: string;
  value: Value;
  choices: readonly Choice<Value>[];
  change: (value: Value) => void;
  hint?: string | undefined;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        class="input"
        disabled={props.disabled}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.change(event.currentTarget.value as Value)}
      >
        {props.choices.map(({ value, label }) => (
          <option key={value} value={value} selected={value === props.value}>
            {label}
          </option>
        ))}
      </select>
      {props.hint && <small id={`${id}-hint`}>{props.hint}</small>}
    </div>
  );
}

/** A setting that is on or off. */
export function SwitchField(props: {
  label: string;
  on: boolean;
  change: (on: boolean) => void;
  hint?: string | undefined;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="panel-switch">
      <div>
        <label for={id}>{props.label}</label>
        {props.hint && <small id={`${id}-hint`}>{props.hint}</small>}
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={props.on}
        disabled={props.disabled}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.change(event.currentTarget.checked)}
      />
    </div>
  );
}

/** As `describeFault`, for a number instead of a length. */
export function describeNumberFault(fault: Fault, limits: Limits): string {
  const key = { too_long: "too_large", too_short: "too_small" } as const;
  const values = { min: limits.min ?? 0, max: limits.max ?? 0 };
  return faultText(fault === "too_long" || fault === "too_short" ? key[fault] : fault, values);
}
