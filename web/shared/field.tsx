// A labelled form field with a hint.
import { type ComponentChildren, type VNode, cloneElement } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  /** One input, select or textarea. */
  children: VNode<{ id?: string; "aria-describedby"?: string | undefined }>;
  after?: ComponentChildren;
}

export function Field({ label, hint, children, after }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(children, { id, "aria-describedby": hint ? hintId : undefined })}
      {hint && <small id={hintId}>{hint}</small>}
      {after}
    </div>
  );
}
