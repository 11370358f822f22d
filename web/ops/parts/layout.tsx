// The frame of every page: a heading, cards, facts, pills.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface PageProps {
  title: string;
  /** One sentence about what the page is for. */
  intro?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

let isFirstPage = true;

export function Page({ title, intro, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tidings`;
  }, [title]);
  useEffect(() => {
    // Screen readers and the keyboard go on at the new page. The browser itself loaded the first.
    if (!isFirstPage) heading.current?.focus({ preventScroll: true });
    isFirstPage = false;
  }, []);
  return (
    <div class="page">
      <header class="page-header">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {intro && <p class="soft">{intro}</p>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface CardProps {
  title?: string;
  actions?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Card({ title, actions, class: className = "", children }: CardProps) {
  const heading = useId();
  return (
    <section class={`card ${className}`} aria-labelledby={title ? heading : undefined}>
      {(title || actions) && (
        <header class="card-header">
          {title && <h2 id={heading}>{title}</h2>}
          {actions && <div class="card-actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export type Tone = "good" | "busy" | "warning" | "bad" | "plain";

export function Pill({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>;
}

export type Fact = { name: string; value: ComponentChildren };

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
