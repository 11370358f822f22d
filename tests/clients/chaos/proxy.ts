// A TCP proxy between the clients and the system: it resets, stalls and refuses connections.
import { createServer, connect, type Server, type Socket } from "node:net";

export class Proxy {
  readonly #targetPort: number;
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  #server: Server | undefined;
  #isStalled = false;
  #refuses = false;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  /** Listens, and returns the port. */
  async listen(): Promise<number> {
    const server = createServer((client) => this.#accept(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
    return address.port;
  }

  /** Breaks a share of the connections, as a network does: with a reset, not a close. */
  reset(isHit: () => boolean): void {
    for (const { client, server } of this.#pairs) {
      if (!isHit()) continue;
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** While it stalls, nothing passes, and no connection ends. */
  stall(isStalled: boolean): void {
    this.#isStalled = isStalled;
    for (const { client, server } of this.#pairs) {
      for (const socket of [client, server]) isStalled ? socket.pause() : socket.resume();
    }
  }

  refuse(refuses: boolean): void {
    this.#refuses = refuses;
    if (refuses) this.reset(() => true);
  }

  close(): void {
    this.reset(() => true);
    this.#server?.close();
  }

  #accept(client: Socket): void {
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#targetPort, "127.0.0.1");
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (data) => {
        if (!to.write(data)) from.pause();
      });
      to.on("drain", () => {
        if (!this.#isStalled) from.resume();
      });
      from.on("end", () => to.end());
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
    if (this.#isStalled) this.stall(true);
  }
}
