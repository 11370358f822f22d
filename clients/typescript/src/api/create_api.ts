// Typed calls of every route, generated from the served OpenAPI document.
import createClient, { type Client as FetchClient, type Middleware } from "openapi-fetch";
import type { paths } from "../generated/api.ts";
import { ApiError, retryAfterMs } from "./problem.ts";
import type { ProblemDetails } from "./schemas.ts";

/** `api.GET("/v1/inbox", {params: {query: {limit: 50}}})`: one method for each HTTP method. */
export type Api = FetchClient<paths>;

export interface ApiOptions {
  url: string;
  /** A token, or a function that returns the current one; without one, only public calls work. */
  token?: string | (() => Promise<string | null> | string | null);
  fetch?: typeof globalThis.fetch;
}

/** Makes typed calls with a token. A call without an answer throws an `ApiError` (`network`). */
export function createApi(options: ApiOptions): Api {
  const { token, fetch: send = globalThis.fetch } = options;
  const api = createClient<paths>({
    baseUrl: options.url.replace(/\/$/, ""),
    fetch: (request) => send(request).catch(failAsNetwork),
  });
  const authorize: Middleware = {
    async onRequest({ request }) {
      const current = typeof token === "function" ? await token() : token;
      if (current) request.headers.set("Authorization", `Bearer ${current}`);
      return request;
    },
  };
  api.use(authorize);
  return api;
}

function failAsNetwork(error: unknown): never {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  const detail = error instanceof Error ? error.message : String(error);
  throw new ApiError({ code: "network", detail }, 0, null);
}

/** The data of an answer; throws an `ApiError` if the server refused. */
export function unwrap<Data>(answer: {
  data?: Data;
  error?: unknown;
  response: Response;
}): Data {
  const { response } = answer;
  if (answer.error !== undefined || !response.ok) {
    const problem = (answer.error ?? {}) as Partial<ProblemDetails>;
    const advice = retryAfterMs(response.headers.get("Retry-After"));
    throw new ApiError(typeof problem === "object" ? problem : {}, response.status, advice);
  }
  return answer.data as Data;
}
