// The part of the service worker that players use: it adds the token of the page to their requests,
// so that they fetch what they need, and seek, as from any address. It keeps nothing.
import { fileOfMedia, type TokenAnswer, type TokenQuestion } from "./media_messages.ts";

/** A page is not asked for longer than this. */
const PATIENCE_MS = 5_000;

/** A request of a page, as far as it is used here. */
export interface MediaEvent {
  readonly request: Request;
  readonly clientId: string;
  respondWith(response: Promise<Response>): void;
}

/** A page that asks for something. */
export interface MediaPage {
  postMessage(message: TokenQuestion, ports: MessagePort[]): void;
}

/** Answers the requests of players; all others go to the network, as without a service worker. */
export function answerMedia(
  event: MediaEvent,
  origin: string,
  findPage: (id: string) => Promise<MediaPage | undefined>,
): void {
  const file = fileOfMedia(event.request.url, origin);
  if (file !== null) event.respondWith(fetchMedia(event, file, findPage));
}

async function fetchMedia(
  { request, clientId }: MediaEvent,
  file: string,
  findPage: (id: string) => Promise<MediaPage | undefined>,
): Promise<Response> {
  const page = await findPage(clientId);
  const token = page === undefined ? null : await askToken(page);
  if (token === null) return new Response(null, { status: 401 });
  const range = request.headers.get("range") ?? "bytes=0-";
  return await fetch(`/v1/files/${encodeURIComponent(file)}/content`, {
    headers: { authorization: `Bearer ${token}`, range },
    // Who may see the file is checked for each request.
    cache: "no-store",
    signal: request.signal,
  });
}

function askToken(page: MediaPage): Promise<string | null> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE_MS);
    port1.onmessage = ({ data }: MessageEvent<TokenAnswer>) => {
      clearTimeout(timer);
      port1.close();
      resolve(data.token);
    };
    page.postMessage({ type: "media_token" }, [port2]);
  });
}
