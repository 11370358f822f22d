// Sends the client's requests: with its token, with a time limit, and again with a new token if
// the server refuses the old one.
import type { TokenKeeper } from "../live/token_keeper.ts";
import { ApiError } from "./problem.ts";

const TIMEOUT_MS = 30_000;

export interface AuthorizedFetchOptions {
  tokens: TokenKeeper;
  fetch: typeof globalThis.fetch;
  /** Called with each answer, for what its headers tell. */
  onAnswer: (response: Response, method: string) => void;
}

export function authorizedFetch(options: AuthorizedFetchOptions): typeof globalThis.fetch {
  const { tokens, onAnswer } = options;
  return async (input, init) => {
    const request = new Request(input, init);
    const again = request.clone();
    let response = await attempt(request, await tokens.current(), options.fetch);
    if (await isTokenRefused(response)) {
      await response.body?.cancel();
      response = await attempt(again, await tokens.renew("refused"), options.fetch);
    }
    onAnswer(response, request.method);
    return response;
  };
}

/** A wrong password is a 401 too, and says nothing about the token. */
async function isTokenRefused(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  const problem = await response.clone().json().catch(() => null);
  return problem?.code !== "wrong_password";
}

async function attempt(
  request: Request,
  token: string,
  fetch: typeof globalThis.fetch,
): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${token}`);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    return await fetch(new Request(request, { signal }));
  } catch (error) {
    if (request.signal.aborted) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new ApiError({ code: "network", detail }, 0, null);
  }
}
