// Forms and dialogs that change something, and what happens with them.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { showToast } from "../../shared/toast.tsx";
import { explain } from "../data/session.ts";
import { t } from "../texts/common.ts";

export type Act = {
  isBusy: boolean;
  /** Why the last attempt failed. */
  problem: string | null;
  /** Runs something; says that it is done, or why it failed. Resolves to whether it worked. */
  run: (work: () => Promise<unknown>, done?: string) => Promise<boolean>;
};

export function useAct(): Act {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (work: () => Promise<unknown>, done = t("done")) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      if (done !== "") showToast(done);
      return true;
    } catch (error) {
      setProblem(explain(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, problem, run };
}

export function ProblemNote({ problem }: { problem: string | null }) {
  return (
    <p class="notice danger" role="alert" hidden={problem === null}>
      {problem}
    </p>
  );
}

/** The fields of a form by their names, without spaces around them. */
export type Fields = (name: string) => string;

interface FormDialogProps {
  title: string;
  action: string;
  isDangerous?: boolean;
  close: () => void;
  /** Does it. What it throws is shown, and the dialog stays; also if it resolves to `false`. */
  submit: (fields: Fields, form: FormData) => Promise<unknown>;
  /** What a short message says afterwards; empty for none. */
  done?: string;
  children: ComponentChildren;
}

/** A dialog with a form. It closes when what it asks for has been done. */
export function FormDialog(props: FormDialogProps) {
  const { title, action, isDangerous, close, submit, done, children } = props;
  const act = useAct();
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const fields = (name: string) => String(form.get(name) ?? "").trim();
    let isOver = true;
    const worked = await act.run(async () => {
      isOver = (await submit(fields, form)) !== false;
    }, done);
    if (worked && isOver) close();
  };
  return (
    <Dialog title={title} close={close}>
      <form class="form" onSubmit={onSubmit}>
        {children}
        <ProblemNote problem={act.problem} />
        <div class="form-actions">
          <button type="button" class="button" onClick={close}>
            {t("cancel")}
          </button>
          <button class={`button ${isDangerous ? "danger" : "primary"}`} disabled={act.isBusy}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface TypeNameProps {
  title: string;
  text: string;
  /** What has to be typed. */
  name: string;
  action: string;
  close: () => void;
  confirm: (fields: Fields) => Promise<unknown>;
  done?: string;
  children?: ComponentChildren;
}

/** Asks for a name to be typed before something is done that cannot simply be undone. */
export function TypeNameDialog(props: TypeNameProps) {
  const { title, text, name, action, close, confirm, done, children } = props;
  const submit = async (fields: Fields) => {
    if (fields("typed_name") !== name) throw new Error(t("typeName", { name }));
    await confirm(fields);
  };
  return (
    <FormDialog
      title={title}
      action={action}
      isDangerous
      close={close}
      submit={submit}
      {...(done !== undefined && { done })}
    >
      <p>{text}</p>
      {children}
      <Field label={t("typeName", { name })}>
        <input
          class="input"
          name="typed_name"
          required
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
      </Field>
    </FormDialog>
  );
}
