// State of what a panel loads and of what it does.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { showError, showToast } from "../../../shared/toast.tsx";
import { describeError } from "../calls.ts";

export interface Loaded<Data> {
  data: Data | null;
  error: unknown;
  isLoading: boolean;
  reload: () => void;
}

/** Loads something whenever the key changes. An older answer never replaces a newer one. */
export function useLoaded<Data>(load: () => Promise<Data>, key: string): Loaded<Data> {
  const [state, setState] = useState<{ key: string; data: Data | null; error: unknown }>({
    key,
    data: null,
    error: null,
  });
  const [isLoading, setLoading] = useState(true);
  const turn = useRef(0);
  const reload = useCallback(() => {
    const mine = ++turn.current;
    setLoading(true);
    load()
      .then((data) => ({ data, error: null }))
      .catch((error: unknown) => ({ data: null, error }))
      .then((next) => {
        if (mine !== turn.current) return;
        setState((old) => {
          const kept = old.key === key ? old.data : null;
          return { ...next, key, data: next.data ?? kept };
        });
        setLoading(false);
      });
  }, [key]);
  useEffect(() => {
    reload();
    return () => void (turn.current += 1);
  }, [reload]);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : null,
    error: isCurrent ? state.error : null,
    isLoading,
    reload,
  };
}

export interface Page<Row> {
  rows: Row[];
  next: string | null;
}

export interface Pages<Row> {
  rows: Row[];
  error: unknown;
  isLoading: boolean;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
}

/** Loads a list page by page. A reload shows as many pages as before. */
export function usePages<Row>(
  load: (after: string | undefined) => Promise<Page<Row>>,
  key: string,
): Pages<Row> {
  const wanted = useRef(1);
  const shownKey = useRef(key);
  if (shownKey.current !== key) {
    shownKey.current = key;
    wanted.current = 1;
  }
  const loadWanted = async (): Promise<Page<Row>> => {
    const rows: Row[] = [];
    let next: string | null | undefined;
    for (let page = 0; page < wanted.current && next !== null; page += 1) {
      const answer = await load(next);
      rows.push(...answer.rows);
      next = answer.next;
    }
    return { rows, next: next ?? null };
  };
  const { data, error, isLoading, reload } = useLoaded(loadWanted, key);
  return {
    rows: data?.rows ?? [],
    error,
    isLoading,
    hasMore: (data?.next ?? null) !== null,
    more: () => {
      wanted.current += 1;
      reload();
    },
    reload,
  };
}

/** Runs commands one at a time, and shows what was refused. */
export function useAct(): {
  isBusy: boolean;
  act: (run: () => Promise<unknown>, done?: string) => Promise<boolean>;
} {
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);
  const act = useCallback(async (run: () => Promise<unknown>, done?: string) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    try {
      await run();
      if (done !== undefined) showToast(done);
      return true;
    } catch (error) {
      showError(new Error(describeError(error)));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return { isBusy, act };
}
