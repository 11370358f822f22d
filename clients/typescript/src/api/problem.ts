// What a call that failed throws.
import type { ErrorInfo } from "../model/state.ts";
import type { ProblemDetails } from "./schemas.ts";

/** The server refused a call, or no answer arrived (`status` 0, `code` `network`). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** The stable code of the problem, such as `not_a_contact`. */
  readonly code: string;
  /** Which fields of the request are wrong. */
  readonly fields: readonly { field: string; message: string }[];
  /** The advice of the server: wait this long before trying again. */
  readonly retryAfterMs: number | null;
  /** Everything that the problem says; some codes have further members. */
  readonly problem: Partial<ProblemDetails> & { readonly [member: string]: unknown };

  constructor(problem: Partial<ProblemDetails>, status: number, retryAfterMs: number | null) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? (status === 0 ? "network" : `http_${status}`);
    this.fields = problem.errors ?? [];
    this.retryAfterMs = retryAfterMs;
    this.problem = problem;
  }

  /** Whether the same call can succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Whether the same call can succeed later; what is not an answer of the server is its absence. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ApiError ? error.isTemporary : true;
}

export function errorInfo(error: unknown): ErrorInfo {
  if (error instanceof ApiError) {
    return { code: error.code, status: error.status, detail: error.message };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { code: "network", status: 0, detail };
}

/** The milliseconds that a `Retry-After` header asks for, in seconds or as a date. */
export function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** Whether a 410 says only that the entries after the cursor are no longer kept. */
export function isTooOld(problem: object): boolean {
  return "oldest" in problem;
}
