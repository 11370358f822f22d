// Who is signed in on this browser: a user and the token with which the page calls the API.
export interface Account {
  user: string;
  token: string;
  /** When the token expires, or null where it does not say. */
  expiresAt: Date | null;
  scopes: string[];
}

const KEY = "tidings.account";

export function storedAccount(): Account | null {
  const token = localStorage.getItem(KEY);
  return token === null ? null : readToken(token);
}

export function storeAccount(account: Account): void {
  localStorage.setItem(KEY, account.token);
}

export function forgetAccount(): void {
  localStorage.removeItem(KEY);
}

/** Calls the listener when another tab signs in or out. */
export function watchAccount(listener: () => void): () => void {
  const onStorage = (event: StorageEvent) => {
    // The key is null where the other tab cleared everything.
    if (event.key === KEY || event.key === null) listener();
  };
  addEventListener("storage", onStorage);
  return () => removeEventListener("storage", onStorage);
}

/** What a token says of its user, or null for a text that is not a token. The server checks it. */
export function readToken(token: string): Account | null {
  const trimmed = token.trim();
  const claims = readClaims(trimmed.split(".")[1] ?? "");
  if (typeof claims?.["sub"] !== "string") return null;
  const expires = claims["exp"];
  const scope = claims["scope"];
  return {
    user: claims["sub"],
    token: trimmed,
    expiresAt: typeof expires === "number" ? new Date(expires * 1000) : null,
    scopes: typeof scope === "string" ? scope.split(" ") : [],
  };
}

function readClaims(part: string): Record<string, unknown> | null {
  try {
    const bytes = Uint8Array.from(
      atob(part.replaceAll("-", "+").replaceAll("_", "/")),
      (letter) => letter.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
