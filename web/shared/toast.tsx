// Short messages at the edge of the window, read out by screen readers.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { t } from "./texts.ts";

interface Toast {
  id: number;
  text: string;
  kind: "info" | "error";
  action?: { label: string; run: () => void };
}

const INFO_MS = 5000;
const ERROR_MS = 12_000;
const MOST = 4;

let toasts: Toast[] = [];
let lastId = 0;
let draw: (toasts: Toast[]) => void = () => {};

function change(next: Toast[]): void {
  toasts = next;
  draw(next);
}

export function showToast(text: string, action?: Toast["action"]): void {
  add({ text, kind: "info", ...(action && { action }) });
}

/** Shows what went wrong: an Error of a call, or a text. */
export function showError(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  add({ text: text || t("failed"), kind: "error" });
}

function add(toast: Omit<Toast, "id">): void {
  const id = ++lastId;
  const others = toasts.filter((each) => each.text !== toast.text);
  change([...others, { ...toast, id }].slice(-MOST));
  setTimeout(() => dismiss(id), toast.kind === "error" ? ERROR_MS : INFO_MS);
}

function dismiss(id: number): void {
  change(toasts.filter((each) => each.id !== id));
}

/** Every page has this once. */
export function Toasts() {
  const [shown, setShown] = useState(toasts);
  useEffect(() => {
    draw = setShown;
    return () => {
      draw = () => {};
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} class={`toast ${toast.kind}`}>
          <Icon name={toast.kind === "error" ? "warning" : "info"} size={18} />
          <span>{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              class="link-button"
              onClick={() => {
                dismiss(toast.id);
                toast.action!.run();
              }}
            >
              {toast.action.label}
            </button>
          )}
          <button
            type="button"
            class="toast-close"
            aria-label={t("close")}
            onClick={() => dismiss(toast.id)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
