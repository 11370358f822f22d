// The fault program: what happens to the system, the network and the devices during a soak.
import type { Participant } from "./participant.ts";
import type { Proxy } from "./proxy.ts";
import { Random, sleep } from "./random.ts";
import type { Part, System } from "./system.ts";

export interface FaultTargets {
  system: System;
  proxy: Proxy;
  participants: readonly Participant[];
  random: Random;
}

type Fault = { name: string; run: (targets: FaultTargets) => Promise<void> };

const kill = (part: Part): Fault => ({
  name: `kill ${part}`,
  async run({ system }) {
    system.signal(part, "SIGKILL");
    await system.recover();
  },
});

const freeze = (part: Part): Fault => ({
  name: `stop ${part} for a while`,
  async run({ system, random }) {
    system.signal(part, "SIGSTOP");
    await sleep(random.between(500, 6_000));
    system.signal(part, "SIGCONT");
    await system.recover();
  },
});

const resetConnections: Fault = {
  name: "reset connections",
  async run({ proxy, random }) {
    const share = random.next();
    proxy.reset(() => random.next() < share);
  },
};

const stallConnections: Fault = {
  name: "stall connections",
  async run({ proxy, random }) {
    proxy.stall(true);
    await sleep(random.between(500, 12_000));
    proxy.stall(false);
  },
};

const refuseConnections: Fault = {
  name: "refuse connections",
  async run({ proxy, random }) {
    proxy.refuse(true);
    await sleep(random.between(200, 5_000));
    proxy.refuse(false);
  },
};

const crashClients: Fault = {
  name: "crash clients",
  async run({ participants, random }) {
    const hit = participants.filter(() => random.next() < 0.2);
    await Promise.all(hit.map((participant) => participant.crash()));
  },
};

const replaceDevices: Fault = {
  name: "replace devices",
  async run({ participants, random }) {
    const hit = participants.filter(() => random.next() < 0.2);
    await Promise.all(hit.map((participant) => participant.replaceDevice()));
  },
};

/** The newest events are lost: those that the backup does not have. */
export async function restoreBackup(
  { system, participants }: FaultTargets,
  backup: string,
): Promise<void> {
  await system.restore(backup);
  for (const participant of participants) {
    // What has left the outbox may have been in the lost part. What has not must still arrive.
    const waiting = new Set(participant.state.outbox.map((item) => item.id));
    for (const id of participant.sent) if (!waiting.has(id)) participant.sent.delete(id);
  }
}

const restoreFreshBackup: Fault = {
  name: "restore a backup",
  async run(targets) {
    const backup = await targets.system.backup();
    await sleep(targets.random.between(1_000, 5_000));
    await restoreBackup(targets, backup);
  },
};

const FAULTS: readonly (readonly [number, Fault])[] = [
  [3, kill("tidings")],
  [1, kill("postgres")],
  [1, kill("nats")],
  [1, freeze("tidings")],
  [1, freeze("postgres")],
  [1, freeze("nats")],
  [4, resetConnections],
  [3, stallConnections],
  [2, refuseConnections],
  [3, crashClients],
  [3, replaceDevices],
  [1, restoreFreshBackup],
];

/** Each fault once in random order, and then at random, until the time is over. */
export async function runFaults(targets: FaultTargets, durationMs: number): Promise<string[]> {
  const { random } = targets;
  const end = Date.now() + durationMs;
  const done: string[] = [];
  const first = FAULTS.map(([, fault]) => fault).sort(() => random.next() - 0.5);
  while (Date.now() < end) {
    const fault = first.pop() ?? random.choose(FAULTS);
    done.push(fault.name);
    try {
      await fault.run(targets);
    } catch (error) {
      throw new Error(`Fault ${done.length} (${done.slice(-3).join(", ")}): ${error}`);
    }
    for (const participant of targets.participants) await participant.continueIfReplaced();
    await sleep(random.between(200, 2_500));
  }
  return done;
}
