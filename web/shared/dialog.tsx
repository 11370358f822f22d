// A modal dialog on the browser's own <dialog>: focus stays inside, Escape closes it, and the
// focus returns to where it was.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { t } from "./texts.ts";

interface DialogProps {
  title: string;
  close: () => void;
  children: ComponentChildren;
  /** Buttons, the most important one last. */
  actions?: ComponentChildren;
  class?: string;
  /** Is called with the keys that are pressed inside. */
  onKey?: (event: KeyboardEvent) => void;
}

export function Dialog(props: DialogProps) {
  const { title, close, children, actions, class: className = "", onKey } = props;
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${className}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      // What is around the dialog in the document has keys of its own.
      onKeyDown={(event) => {
        event.stopPropagation();
        onKey?.(event);
      }}
      onMouseDown={(event) => {
        // Only the backdrop is the dialog itself: what it shows lies in an element inside.
        if (event.target === element.current) close();
      }}
    >
      <div class="dialog-inside">
        <header class="dialog-header">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="icon-button" aria-label={t("close")} onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer class="dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  confirm: () => void;
  close: () => void;
}

/** Asks before something that matters. */
export function ConfirmDialog({ title, text, action, danger, confirm, close }: ConfirmProps) {
  const actions = (
    <>
      <button type="button" class="button" onClick={close}>
        {t("cancel")}
      </button>
      <button
        type="button"
        class={`button ${danger ? "danger" : "primary"}`}
        onClick={() => {
          close();
          confirm();
        }}
      >
        {action}
      </button>
    </>
  );
  return (
    <Dialog title={title} close={close} actions={actions}>
      <p>{text}</p>
    </Dialog>
  );
}
