// How players get the bytes of files: they ask for an address below this path, and the service worker
// answers with the bytes from the API, for which it asks the page for its token.

const PATH = "/media/";

/** The address at which a player finds a file. */
export function mediaPath(file: string): string {
  return PATH + encodeURIComponent(file);
}

/** The file of such an address, or null for any other. */
export function fileOfMedia(url: string, origin: string): string | null {
  const { origin: found, pathname } = new URL(url);
  if (found !== origin || !pathname.startsWith(PATH)) return null;
  return decodeURIComponent(pathname.slice(PATH.length));
}

/** What the service worker asks the page, with a port for the answer. */
export interface TokenQuestion {
  readonly type: "media_token";
}

/** Null if no user is signed in. */
export interface TokenAnswer {
  readonly token: string | null;
}

export function isTokenQuestion(data: unknown): data is TokenQuestion {
  return (data as Partial<TokenQuestion> | null)?.type === "media_token";
}
