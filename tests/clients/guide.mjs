// Two people use the chat of docs/client-guide.md in two terminals.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const { TIDINGS_URL, ANN_TOKEN, BOB_TOKEN } = process.env;
const PATIENCE_MS = 20_000;

/** A terminal with the chat. */
class Terminal {
  constructor(token, other) {
    this.lines = [];
    const env = { ...process.env, TIDINGS_URL, TIDINGS_TOKEN: token };
    this.process = spawn(process.execPath, ["guide_chat.ts", other], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    createInterface({ input: this.process.stdout }).on("line", (line) => this.lines.push(line));
  }

  type(line) {
    this.process.stdin.write(`${line}\n`);
  }

  /** Waits for a line that matches. */
  async shows(pattern) {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.lines.some((line) => pattern.test(line))) {
      assert(Date.now() < deadline, `no ${pattern} in:\n${this.lines.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close() {
    this.process.stdin.end();
    assert.equal(await this.ended, 0);
  }
}

const ann = new Terminal(ANN_TOKEN, "bob");
await ann.shows(/^ {2}live$/);
ann.type("Noodles?");
await ann.shows(/ ann: Noodles\?$/);
const bob = new Terminal(BOB_TOKEN, "ann");
await bob.shows(/^ann \(1 unread\): Noodles\?$/);
await bob.shows(/ ann: Noodles\?$/);
await ann.shows(/ read$/);
bob.type("At one.");
await ann.shows(/ bob: At one\.$/);
// Ann can have it before Bob does, and his next line changes the newest message that he has.
await bob.shows(/ bob: At one\.$/);
bob.type("/edit At two.");
await ann.shows(/ bob: At two\. \(edited\)$/);
bob.type("/recall");
await ann.shows(/ bob: \(recalled\)$/);
await Promise.all([ann.close(), bob.close()]);
console.log(`Ann and Bob talked: ${ann.lines.filter((line) => /^\d/.test(line)).join("; ")}`);
