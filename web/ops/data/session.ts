// The calls of the console, in the name of the administrator who is signed in.
import { ApiError, createApi, unwrap, type Api } from "@tidings/client";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Account } from "../../shared/account.ts";
import { parseEvents, type EventFilter, type LogEvent } from "./events.ts";
import { parseExposition, type Exposition } from "./prometheus.ts";

/** What a call of the typed API resolves to. */
type Answer<Data> = { data?: Data; error?: unknown; response: Response };

export class Session {
  readonly account: Account;
  readonly api: Api;
  /** Ends the session: the token has expired, was revoked, or is not enough. */
  readonly signOut: (reason?: string) => void;
  /** Queries wait until the read models have what this page has changed. */
  #seen = 0;

  constructor(account: Account, signOut: (reason?: string) => void) {
    this.account = account;
    this.signOut = signOut;
    this.api = createApi({ url: location.origin, token: account.token });
  }

  /** The value of `min_position` for queries that take it. */
  get seen(): { min_position?: string } {
    return this.#seen === 0 ? {} : { min_position: String(this.#seen) };
  }

  /** The data of an answer; throws an `ApiError` if the server refused. */
  async read<Data>(call: Promise<Answer<Data>>): Promise<Data> {
    const answer = await call;
    try {
      return unwrap(answer);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.signOut(error.message);
      throw error;
    }
  }

  /** Like `read`, for a command: queries wait for what it has changed. */
  async change<Data>(call: Promise<Answer<Data>>): Promise<Data> {
    const answer = await call;
    const data = await this.read(Promise.resolve(answer));
    this.#seen = Math.max(this.#seen, Number(answer.response.headers.get("tidings-position") ?? 0));
    return data;
  }

  /** A call that the generated types do not describe. */
  async request<Data>(method: string, path: string, body?: unknown): Promise<Data> {
    const response = await this.#send(path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
    return (await response.json()) as Data;
  }

  /** Events in the order of the log, and the position of its newest. */
  async readEvents(filter: EventFilter, after: number, upTo: number | null, limit: number) {
    const query = new URLSearchParams({ after: String(after), limit: String(limit) });
    if (upTo !== null) query.set("up_to", String(upTo));
    for (const [name, value] of Object.entries(filter)) {
      if (value !== "") query.set(name, value);
    }
    const response = await this.#send(`/v1/events?${query}`);
    const events: LogEvent[] = parseEvents(await response.text());
    return { events, head: Number(response.headers.get("tidings-position") ?? 0) };
  }

  /** The metrics of the process that answers; null if they have an address of their own. */
  async readMetrics(signal?: AbortSignal): Promise<Exposition | null> {
    const response = await fetch("/metrics", { signal: signal ?? null });
    if (response.status === 404) return null;
    if (!response.ok) throw await toProblem(response);
    return parseExposition(await response.text());
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.account.token}`);
    const response = await fetch(path, { ...init, headers });
    if (response.ok) return response;
    const problem = await toProblem(response);
    if (problem.status === 401) this.signOut(problem.message);
    throw problem;
  }
}

/** What a refusal says (RFC 9457). */
export async function toProblem(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => ({}));
  try {
    unwrap({ error: body, response });
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  return new ApiError({}, response.status, null);
}

/** What went wrong, for the reader: the fields that are wrong, or the sentence of the server. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  const fields = error.fields.map(({ field, message }) => `${field}: ${message}`);
  return fields.length > 0 ? fields.join("\n") : error.message;
}

export function adviceOf(error: unknown): number | null {
  return error instanceof ApiError ? error.retryAfterMs : null;
}

export const SessionContext = createContext<Session | null>(null);

/** The session of the page. Every page is drawn within one. */
export function useSession(): Session {
  return useContext(SessionContext)!;
}
