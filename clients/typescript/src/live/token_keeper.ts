// Keeps the token of the caller, and has a new one made before it expires.
import type { TokenSource } from "../client_api.ts";

/** The app has no token: the user has to sign in. */
export class SignedOutError extends Error {
  override readonly name = "SignedOutError";
}

type Reason = Parameters<TokenSource>[0];

/** Renew this long before the token expires, or after four fifths of a short life. */
const RENEW_BEFORE_MS = 60_000;
const RENEW_AFTER_SHARE = 0.8;
/** If the app returns a token that is about to expire too, it is not asked again at once. */
const ASK_AGAIN_MS = 5_000;

export class TokenKeeper {
  #source: string | TokenSource;
  #token: string | null = null;
  #obtainedAt = 0;
  #pending: Promise<string> | null = null;

  constructor(source: string | TokenSource) {
    this.#source = source;
  }

  /** Continues with another source. */
  replace(source: string | TokenSource): void {
    this.#source = source;
    this.#token = null;
  }

  /** The current token, or a new one if there is none or it is about to expire. */
  async current(): Promise<string> {
    if (this.#token === null) return this.renew("start");
    return this.renewsInMs() > 0 ? this.#token : this.renew("expiring");
  }

  /** A new token. Calls made together ask the app once. */
  renew(reason: Reason): Promise<string> {
    this.#pending ??= this.#ask(reason).finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  /** The time until the token should be renewed; infinite if it does not say when it expires. */
  renewsInMs(): number {
    const expiry = this.#token === null ? null : readClaims(this.#token).exp;
    if (typeof expiry !== "number" || typeof this.#source === "string") {
      return Number.POSITIVE_INFINITY;
    }
    const life = expiry * 1000 - this.#obtainedAt;
    const lead = Math.min(RENEW_BEFORE_MS, life * (1 - RENEW_AFTER_SHARE));
    const askAgainAt = this.#obtainedAt + ASK_AGAIN_MS;
    return Math.max(expiry * 1000 - lead, askAgainAt) - Date.now();
  }

  async #ask(reason: Reason): Promise<string> {
    if (typeof this.#source === "string") {
      if (reason === "refused") throw new SignedOutError("The server refuses the token.");
      this.#token = this.#source;
    } else {
      try {
        this.#token = await this.#source(reason);
      } catch (error) {
        // Offline, the app cannot make a new token either, but the old one may still be good.
        if (reason === "expiring" && this.#token !== null) {
          this.#obtainedAt = Date.now();
          return this.#token;
        }
        throw new SignedOutError("The app has no token.", { cause: error });
      }
    }
    this.#obtainedAt = Date.now();
    return this.#token;
  }
}

/** The claims of a JWT, which the server verifies; the client only looks. */
export function readClaims(token: string): { sub?: unknown; exp?: unknown } {
  const part = token.split(".")[1] ?? "";
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (character) =>
      character.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
