// Lets many clients act while processes are killed, connections break and backups are restored.
// Then what each client holds must be what the API says. CONTRIBUTING.md says how to run it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { compare } from "./check.ts";
import { restoreBackup, runFaults, type FaultTargets } from "./faults.ts";
import { compareWithLog, findMissingAcks } from "./log_check.ts";
import { Participant, type ClientModule } from "./participant.ts";
import { PLANTS, plant } from "./plants.ts";
import { Proxy } from "./proxy.ts";
import { Random, sleep } from "./random.ts";
import { System } from "./system.ts";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "100" },
    minutes: { type: "string", default: "5" },
    pause: { type: "string", default: "3000" },
    seed: { type: "string" },
    plant: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});

const seed = Number(values.seed ?? Date.now() % 1_000_000);
const directory = mkdtempSync(join(tmpdir(), "tidings-chaos-"));

const failure = await run().catch((error: unknown) => error);
if (!failure || !values.keep) rmSync(directory, { recursive: true, force: true });
if (failure) {
  console.error(failure instanceof Error ? failure.message : failure);
  console.error(`seed ${seed}${values.keep ? `, ${directory}` : ""}`);
}
process.exit(failure ? 1 : 0);

async function run(): Promise<void> {
  const random = new Random(seed);
  const system = await System.create(directory);
  const proxy = new Proxy(system.port);
  const port = await proxy.listen();
  await system.start();
  try {
    const module = await loadClient();
    const participants = makeParticipants(module, `http://127.0.0.1:${port}`, system, random);
    const targets = { system, proxy, participants, random };
    await meet(participants);
    if (values.plant) await expectFailure(values.plant, targets);
    else await soak(targets);
    await Promise.all(participants.map((participant) => participant.client.stop()));
  } finally {
    proxy.close();
    await system.stop();
  }
}

async function loadClient(): Promise<ClientModule> {
  if (!values.plant) return import("@tidings/client");
  return import(pathToFileURL(plant(values.plant, directory)).href);
}

/** Every third user has two devices, which must agree. */
function makeParticipants(
  module: ClientModule,
  url: string,
  system: System,
  random: Random,
): Participant[] {
  const count = Number(values.clients);
  const users = Array.from({ length: Math.ceil((count * 3) / 4) }, (_, index) => `u${index}`);
  return Array.from({ length: count }, (_, index) => {
    const user = users[index % users.length]!;
    const device = index < users.length ? "phone" : "laptop";
    const own = new Random(random.between(0, 2 ** 31));
    const others = users.filter((other) => other !== user);
    const token = (name: string) => system.token(name);
    return new Participant({ module, url, user, device, token, random: own, others });
  });
}

/** Groups of up to ten, each with members of the others. */
async function meet(participants: readonly Participant[]): Promise<void> {
  await Promise.all(participants.map((participant) => participant.start()));
  const users = [...new Set(participants.map((participant) => participant.user))];
  const size = Math.min(10, users.length);
  await Promise.all(
    participants.slice(0, users.length).map(async (participant, index) => {
      const members = Array.from({ length: size - 1 }, (_, step) => {
        return users[(index + 1 + step * 3) % users.length]!;
      });
      if (index % 3 > 0) return;
      await participant.client.conversations.create({
        kind: "group",
        title: `Group ${index}`,
        members: [...new Set(members)].filter((user) => user !== participant.user),
      });
    }),
  );
}

async function soak(targets: FaultTargets): Promise<void> {
  const { participants } = targets;
  let isOver = false;
  const acting = participants.map((one) => one.act(Number(values.pause), () => isOver));
  const faults = await runFaults(targets, Number(values.minutes) * 60_000);
  isOver = true;
  await Promise.all(acting);
  const differences = await settle(targets, 90_000);
  if (differences.length > 0) throw new Error(describe(differences));
  const sends = participants.reduce((sum, { sent }) => sum + sent.size, 0);
  const held = participants.reduce((sum, participant) => sum + countMessages(participant), 0);
  console.log(
    `${participants.length} clients hold what the API says (${held} messages) after ` +
      `${faults.length} faults of ${new Set(faults).size} kinds; ` +
      `${sends} sends could not be in a lost part of the log, and none is missing; seed ${seed}`,
  );
}

function countMessages({ state }: Participant): number {
  return [...state.timelines.values()].reduce((sum, { messages }) => sum + messages.size, 0);
}

/** Plants a bug and looks for it with the same check. */
async function expectFailure(name: string, targets: FaultTargets): Promise<void> {
  const { participants, system, proxy } = targets;
  let isOver = false;
  const acting = participants.map((one) => one.act(300, () => isOver));
  const backup = await system.backup();
  await sleep(1_500);
  for (let round = 0; round < 3; round += 1) {
    proxy.refuse(true);
    await sleep(400);
    proxy.refuse(false);
    await sleep(800);
  }
  if (name === "kept-cursor") await restoreBackup(targets, backup);
  await sleep(1_500);
  isOver = true;
  await Promise.all(acting);
  const differences = await settle(targets, 8_000);
  if (differences.length === 0) throw new Error(`not found: ${PLANTS[name]!.what}`);
  console.log(`found (${PLANTS[name]!.what}): ${differences[0]!.slice(0, 160)}`);
}

/** What still differs when nothing happens any more, and there has been time. */
async function settle(targets: FaultTargets, timeoutMs: number): Promise<string[]> {
  const { system, proxy, participants } = targets;
  proxy.stall(false);
  proxy.refuse(false);
  await system.recover();
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    for (const participant of participants) await participant.continueIfReplaced();
    const differences = await findDifferences(participants, system);
    if (differences.length === 0 || Date.now() > deadline) return differences;
    await sleep(1_000);
  }
}

async function findDifferences(
  participants: readonly Participant[],
  system: System,
): Promise<string[]> {
  const lines = participants
    .filter(({ state }) => state.connection.status !== "live")
    .map(({ user, device, state }) => `${user}/${device}: ${JSON.stringify(state.connection)}`);
  for (const participant of participants) lines.push(...(await compare(participant, system)));
  lines.push(...(await compareWithLog(participants, system)));
  lines.push(...(await findMissingAcks(participants, system)));
  return lines;
}

function describe(differences: readonly string[]): string {
  const shown = differences.slice(0, 20).map((line) => line.slice(0, 1_500));
  return `${differences.length} differences:\n${shown.join("\n")}`;
}
