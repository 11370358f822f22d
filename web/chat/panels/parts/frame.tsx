// The frame of a page in a panel. The shell draws the title and the button that closes it.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "../../../shared/icon.tsx";
import { useHost } from "../host.ts";
import { t } from "../texts/common.ts";

interface FrameProps {
  children: ComponentChildren;
  /** Stays above what scrolls, such as a field for search. */
  head?: ComponentChildren;
  class?: string;
}

export function Frame({ children, head, class: className = "" }: FrameProps) {
  const host = useHost();
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.hasBack) return;
    // What had the focus is gone with the page that opened this one. The pane around the panel
    // takes the focus first; here, Escape leads back.
    const timer = setTimeout(() => frame.current?.focus());
    return () => clearTimeout(timer);
  }, []);
  return (
    <div
      class={`panel ${className}`}
      ref={frame}
      tabIndex={-1}
      onKeyDown={(event) => {
        // What is inside, such as a list of suggestions, has its own Escape.
        if (event.key !== "Escape" || event.defaultPrevented || !host.hasBack) return;
        event.preventDefault();
        event.stopPropagation();
        host.back();
      }}
    >
      {host.hasBack && (
        <button type="button" class="panel-back" onClick={host.back}>
          <Icon name="back" size={16} />
          {t("back")}
        </button>
      )}
      {head && <div class="panel-head">{head}</div>}
      <div class="panel-body">{children}</div>
    </div>
  );
}

/** A part of a page under a heading. */
export function Section(props: {
  title: string;
  children: ComponentChildren;
  hint?: string | undefined;
  action?: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="panel-section" aria-labelledby={id}>
      <header class="panel-section-header">
        <h3 id={id}>{props.title}</h3>
        {props.action}
      </header>
      {props.hint && <p class="panel-hint">{props.hint}</p>}
      {props.children}
    </section>
  );
}
