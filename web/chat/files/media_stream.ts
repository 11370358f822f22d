// Lets players fetch files as they play, instead of the whole file before.
import { storedAccount } from "../../shared/account.ts";
import { isTokenQuestion, mediaPath, type TokenAnswer } from "./media_messages.ts";

const WORKER = "/service-worker.js";
/** Where the browser is slower than this, the file is fetched as a whole. */
const PATIENCE_MS = 3_000;

let listens = false;

/**
 * The address at which a player finds a file. Null where no service worker can answer it: in a page
 * without encryption, or in a browser that has none.
 */
export async function streamOf(file: string): Promise<string | null> {
  if (!isSecureContext || !("serviceWorker" in navigator)) return null;
  try {
    answerQuestions();
    await navigator.serviceWorker.register(WORKER);
    return (await isControlled()) ? mediaPath(file) : null;
  } catch {
    // The user has forbidden it, or there is no room.
    return null;
  }
}

/** The worker asks for the token at each request: it may have been renewed. */
function answerQuestions(): void {
  if (listens) return;
  listens = true;
  navigator.serviceWorker.addEventListener("message", ({ data, ports }) => {
    if (!isTokenQuestion(data)) return;
    ports[0]?.postMessage({ token: storedAccount()?.token ?? null } satisfies TokenAnswer);
  });
  navigator.serviceWorker.startMessages();
}

/** A new worker takes over pages that were opened before. */
function isControlled(): Promise<boolean> {
  const workers = navigator.serviceWorker;
  if (workers.controller !== null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    const take = () => {
      clearTimeout(timer);
      resolve(true);
    };
    workers.addEventListener("controllerchange", take, { once: true });
  });
}
