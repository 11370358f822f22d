// The frame of every panel: its title, the way back, and what it holds.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "../../../shared/icon.tsx";
import { useHost } from "../host.ts";
import { t } from "../texts/common.ts";

interface FrameProps {
  title: string;
  children: ComponentChildren;
  /** Stays above what scrolls, such as a field for search. */
  head?: ComponentChildren;
  /** The panel puts the focus somewhere itself. */
  keepsFocus?: boolean;
}

export function Frame({ title, children, head, keepsFocus }: FrameProps) {
  const host = useHost();
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    if (!keepsFocus) heading.current?.focus();
  }, []);
  return (
    <section
      class="panel"
      aria-labelledby={id}
      onKeyDown={(event) => {
        // What is inside, such as a menu or a list of suggestions, has its own Escape.
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        host.back();
      }}
    >
      <header class="panel-header">
        <button type="button" class="icon-button" aria-label={t("back")} onClick={host.back}>
          <Icon name="back" />
        </button>
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="icon-button" aria-label={t("close")} onClick={host.close}>
          <Icon name="close" />
        </button>
      </header>
      {head && <div class="panel-head">{head}</div>}
      <div class="panel-body">{children}</div>
    </section>
  );
}

/** A part of a panel under a heading. */
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
