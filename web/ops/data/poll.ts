// Asks for something again and again: less often while it fails, and not at all while nobody
// looks at the page.

export type Poll<T> = {
  /** The time between two answers, in milliseconds; `Infinity` to ask once. */
  every: number;
  ask: (signal: AbortSignal) => Promise<T>;
  onAnswer: (answer: T) => void;
  onFailure: (error: unknown) => void;
  /** What the server advised in its failure, in milliseconds. */
  advice?: (error: unknown) => number | null;
};

export type Polling = { now: () => void; stop: () => void };

/** What a poll needs of the browser. */
export type Surroundings = {
  isHidden: () => boolean;
  onVisibility: (listener: () => void) => () => void;
  later: (run: () => void, milliseconds: number) => () => void;
};

const LONGEST_WAIT_MS = 60_000;

export const browser: Surroundings = {
  isHidden: () => document.hidden,
  onVisibility: (listener) => {
    document.addEventListener("visibilitychange", listener);
    return () => document.removeEventListener("visibilitychange", listener);
  },
  later: (run, milliseconds) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** The wait after so many failures in a row: twice as long each time. */
export function backOff(every: number, failures: number): number {
  return Math.min(every * 2 ** failures, Math.max(every, LONGEST_WAIT_MS));
}

export function startPoll<T>(poll: Poll<T>, around: Surroundings = browser): Polling {
  let failures = 0;
  let stopped = false;
  /** Whether an answer is wanted as soon as the page is seen. */
  let isDue = false;
  let cancelTimer = () => {};
  let asking: AbortController | null = null;

  const cancel = () => {
    cancelTimer();
    asking?.abort();
    asking = null;
  };
  const wait = (milliseconds: number) => {
    cancelTimer();
    if (stopped || !Number.isFinite(milliseconds)) return;
    if (around.isHidden()) isDue = true;
    else cancelTimer = around.later(ask, milliseconds);
  };
  const ask = async () => {
    cancel();
    isDue = stopped ? false : around.isHidden();
    if (stopped || isDue) return;
    const own = new AbortController();
    asking = own;
    try {
      const answer = await poll.ask(own.signal);
      if (own.signal.aborted) return;
      failures = 0;
      asking = null;
      poll.onAnswer(answer);
      wait(poll.every);
    } catch (error) {
      if (own.signal.aborted) return;
      failures += 1;
      asking = null;
      poll.onFailure(error);
      wait(Math.max(backOff(poll.every, failures), poll.advice?.(error) ?? 0));
    }
  };
  const forget = around.onVisibility(() => {
    if (around.isHidden()) {
      isDue = asking !== null || Number.isFinite(poll.every);
      cancel();
    } else if (isDue) {
      void ask();
    }
  });
  void ask();
  return {
    now: () => void ask(),
    stop: () => {
      stopped = true;
      cancel();
      forget();
    },
  };
}
