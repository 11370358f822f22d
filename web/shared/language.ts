// The language of the page's texts, and tables of texts whose keys the compiler checks.
import { useEffect, useState } from "preact/hooks";

export type Language = "en" | "zh";
export type TextValues = Record<string, string | number>;
/** A text with {names} of values. The form for one is used where {count} is 1 in English. */
export type Text = string | { one: string; other: string };

const KEY = "tidings.language";
const listeners = new Set<() => void>();
let chosen: Language = read();

function read(): Language {
  const stored = readStored();
  if (stored === "en" || stored === "zh") return stored;
  const known = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return known?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** A page in a frame may have no storage. */
function readStored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function language(): Language {
  return chosen;
}

export function chooseLanguage(next: Language): void {
  chosen = next;
  localStorage.setItem(KEY, next);
  showLanguage();
  for (const listener of listeners) listener();
}

/** Uses a language that the reader has not chosen here, and does not remember it. */
export function setLanguage(next: Language): void {
  chosen = next;
}

/** Tells the browser and screen readers which language the page is in. */
export function showLanguage(): void {
  document.documentElement.lang = chosen === "zh" ? "zh-Hans" : "en";
}

/** The language, for a component that draws itself again when it changes. */
export function useLanguage(): Language {
  const [current, setCurrent] = useState(chosen);
  useEffect(() => {
    const listener = () => setCurrent(chosen);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return current;
}

/** A function that finds the text of a key in the language of the page. */
export function defineTexts<Key extends string>(
  tables: Record<Language, Record<Key, Text>>,
): (key: Key, values?: TextValues) => string {
  return (key, values = {}) => {
    const text = tables[chosen][key];
    const form = typeof text === "string" ? text : text[values["count"] === 1 ? "one" : "other"];
    return form.replace(/\{(\w+)\}/g, (_, name: string) => show(values[name]));
  };
}

function show(value: string | number | undefined): string {
  return typeof value === "number" ? value.toLocaleString(locale()) : (value ?? "");
}

/** The tag for Intl: the reader's own variant of the language where the browser names one. */
export function locale(): string {
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(chosen)) ?? chosen;
}
