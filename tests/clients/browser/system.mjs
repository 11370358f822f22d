// A private Tidings that a test can kill and start again, on the same port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "./checks.mjs";

export class System {
  constructor(directory, port) {
    this.directory = directory;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.process = null;
  }

  async start() {
    const log = openSync(join(this.directory, "system.log"), "a");
    const data = join(this.directory, "system");
    const options = ["--data", data, "--listen", `127.0.0.1:${this.port}`];
    this.process = spawn(process.env.TIDINGS_BIN, ["up", ...options], {
      stdio: ["ignore", log, log],
      cwd: this.directory,
    });
    await until("the system is ready", () => this.isReady(), 120);
  }

  async isReady() {
    if (this.process.exitCode !== null) throw new Error("tidings has stopped; see system.log");
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  /** As a power cut ends it: without a word to anybody. */
  async kill() {
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
  }

  async stop() {
    if (this.process === null || this.process.exitCode !== null) return;
    this.process.kill("SIGTERM");
    await once(this.process, "exit");
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
