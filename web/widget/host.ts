// The page around the frame: the only one that the frame listens to, and the one that has tokens.
import type { ToFrame, ToHost, TokenReason } from "./messages.ts";

const ANSWER_MS = 20_000;

export class Host {
  readonly #origin: string;
  #waiting: ((token: string | null) => void)[] = [];
  /** Called when the page shows or hides the frame. */
  onShown: (isShown: boolean) => void = () => {};

  constructor(origin: string) {
    this.#origin = origin;
    addEventListener("message", (event: MessageEvent<ToFrame>) => {
      if (event.source !== parent || event.origin !== origin) return;
      this.#receive(event.data);
    });
  }

  send(message: ToHost): void {
    parent.postMessage(message, this.#origin);
  }

  /** A token of the customer. Rejects if the page has none. */
  async token(reason: TokenReason): Promise<string> {
    const token = await new Promise<string | null>((resolve) => {
      this.#waiting.push(resolve);
      setTimeout(() => resolve(null), ANSWER_MS);
      this.send({ tidings: "token", reason });
    });
    if (token === null) throw new Error("The page has no token.");
    return token;
  }

  #receive(message: ToFrame): void {
    if (message.tidings === "shown") this.onShown(message.isShown);
    if (message.tidings === "token") {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve(message.token);
    }
  }
}
