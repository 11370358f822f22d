// A private system, and what can be done to it.
import { spawn, execFile, type ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { openSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { sleep, waitUntil } from "./random.ts";

const execute = promisify(execFile);
const READY_MS = 90_000;
const TOKEN_SECONDS = 40;

/** What of the system a fault hits. */
export type Part = "tidings" | "postgres" | "nats";

export class System {
  readonly #binary: string;
  readonly #directory: string;
  readonly port: number;
  #generation = 0;
  #backups = 0;
  #process: ChildProcess | null = null;

  private constructor(binary: string, directory: string, port: number) {
    this.#binary = binary;
    this.#directory = directory;
    this.port = port;
  }

  static async create(directory: string): Promise<System> {
    const binary = process.env.TIDINGS_BIN;
    if (!binary) throw new Error("TIDINGS_BIN must name the program (target/debug/tidings).");
    return new System(binary, directory, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get #data(): string {
    return join(this.#directory, `data-${this.#generation}`);
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#directory, "tidings.log"), "a");
    const options = ["up", "--data", this.#data, "--listen", `127.0.0.1:${this.port}`];
    // Groups are small here: the larger ones are merged into feeds on read, as groups of 500 are.
    const limits = { TIDINGS_RATE_LIMIT: "0", TIDINGS_FANOUT_THRESHOLD: "6" };
    const environment = { ...process.env, ...limits };
    this.#process = spawn(this.#binary, options, {
      stdio: ["ignore", log, log],
      env: environment,
      cwd: this.#directory,
    });
    await waitUntil(() => this.isReady(), READY_MS, () => `${this.url}/readyz does not say ready`);
  }

  async isReady(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(2_000);
      return (await fetch(`${this.url}/readyz`, { signal })).ok;
    } catch {
      return false;
    }
  }

  /** Starts again what has ended, as a supervisor does. */
  async recover(): Promise<void> {
    const { exitCode, signalCode } = this.#process ?? {};
    if (exitCode === null && signalCode === null) {
      const hasSettled = async () => this.#hasEnded() || (await this.isReady());
      await waitUntil(hasSettled, READY_MS, () => "the system does not get ready again");
      if (!this.#hasEnded()) return;
    }
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.#process && !this.#hasEnded()) {
      this.#process.kill("SIGTERM");
      await waitUntil(() => this.#hasEnded(), 60_000, () => "tidings does not stop");
    }
    this.#process = null;
  }

  async kill(): Promise<void> {
    this.signal("tidings", "SIGKILL");
    await waitUntil(() => this.#hasEnded(), 10_000, () => "tidings survives SIGKILL");
    // The servers notice that their owner is gone, and give up the data directory.
    await waitUntil(() => this.#children().length === 0, 30_000, () => "servers remain");
  }

  signal(part: Part, signal: NodeJS.Signals): void {
    const pids = part === "tidings" ? [this.#process?.pid] : this.#pidsOf(part);
    for (const pid of pids) {
      try {
        if (pid !== undefined) process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async backup(): Promise<string> {
    this.#backups += 1;
    const directory = join(this.#directory, `backup-${this.#backups}`);
    await execute(this.#binary, ["backup", directory, "--data", this.#data]);
    return directory;
  }

  /** Puts a backup into a new data directory and continues there. */
  async restore(backup: string): Promise<void> {
    await this.kill();
    this.#generation += 1;
    await execute(this.#binary, ["restore", backup, "--data", this.#data, "--yes"]);
    await this.start();
  }

  /** A token that soon expires, so that every client renews its own several times. */
  token(user: string, scope?: string): string {
    const secret = readFileSync(join(this.#data, "auth-secret"), "utf8").trim();
    const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const claims = { sub: user, exp, iat: exp - TOKEN_SECONDS, ...(scope ? { scope } : {}) };
    const signed = [{ alg: "HS256" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  }

  #hasEnded(): boolean {
    return !this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** The first process of a server; Postgres has others below it. */
  #pidsOf(part: "postgres" | "nats"): number[] {
    const name = part === "postgres" ? "bin/postgres" : "nats-server";
    return this.#children().filter(({ command }) => command.includes(name)).map(({ pid }) => pid);
  }

  /** The processes that name the data directory: the servers of this system, and no others. */
  #children(): { pid: number; command: string }[] {
    const found: { pid: number; command: string }[] = [];
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name) || Number(name) === this.#process?.pid) continue;
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        if (command.includes(`${this.#data}/servers`)) found.push({ pid: Number(name), command });
      } catch {
        // It has ended meanwhile.
      }
    }
    return found;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  await sleep(0);
  return address.port;
}
