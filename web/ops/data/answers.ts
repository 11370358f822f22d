// Answers of the server, for components that draw them.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { startPoll, type Polling } from "./poll.ts";
import { adviceOf } from "./session.ts";

export type Answer<T> = {
  /** The newest answer; it stays while the next one is on its way, and when that fails. */
  value: T | null;
  error: unknown;
  isLoading: boolean;
  reload: () => void;
};

export type AnswerOptions = {
  /** Ask again and again, so many milliseconds apart. */
  every?: number;
  /** Show the answer to other inputs until the new one is there. */
  keep?: boolean;
};

/** Asks once, and again when the inputs change. */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  { every = Infinity, keep = false }: AnswerOptions = {},
): Answer<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isLoading, setLoading] = useState(true);
  const polling = useRef<Polling | null>(null);

  useEffect(() => {
    setLoading(true);
    if (!keep) setValue(null);
    setError(null);
    const started = startPoll<T>({
      every,
      ask,
      advice: adviceOf,
      onAnswer: (answer) => {
        setValue(answer);
        setError(null);
        setLoading(false);
      },
      onFailure: (failure) => {
        setError(failure);
        setLoading(false);
      },
    });
    polling.current = started;
    return () => started.stop();
  }, inputs);

  const reload = useCallback(() => polling.current?.now(), []);
  return { value, error, isLoading, reload };
}

export type Page<T> = { items: T[]; next: string | null };

export type List<T> = {
  items: T[];
  error: unknown;
  isLoading: boolean;
  hasMore: boolean;
  loadMore: () => void;
  reload: () => void;
};

/** Pages of a list, one after the other, and all of them again when the inputs change. */
export function useList<T>(
  ask: (after: string | undefined) => Promise<Page<T>>,
  inputs: readonly unknown[],
): List<T> {
  const [pages, setPages] = useState<Page<T> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isLoading, setLoading] = useState(true);
  const [times, setTimes] = useState(0);
  const round = useRef(0);

  const load = (after: string | undefined, earlier: T[]) => {
    const own = ++round.current;
    setLoading(true);
    ask(after)
      .then((page) => {
        if (own !== round.current) return;
        setPages({ items: [...earlier, ...page.items], next: page.next });
        setError(null);
      })
      .catch((failure: unknown) => own === round.current && setError(failure))
      .finally(() => own === round.current && setLoading(false));
  };
  useEffect(() => {
    setPages(null);
    load(undefined, []);
    return () => void (round.current += 1);
  }, inputs);
  useEffect(() => {
    // What is shown stays until the first page is there again.
    if (times > 0) load(undefined, []);
  }, [times]);

  return {
    items: pages?.items ?? [],
    error,
    isLoading,
    hasMore: pages?.next != null,
    loadMore: () => pages?.next != null && load(pages.next, pages.items),
    reload: () => setTimes((count) => count + 1),
  };
}
