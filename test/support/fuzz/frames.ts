/**
 * Frames that a broken or hostile client or worker may send, to a real server with a live run: whatever comes, the server
 * answers others as before, lets go of what is closed, and can bring its run to its end.
 */
import { chmodSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { clientToServer } from '../../../protocol/client.ts';
import { clientProtocol } from '../../../protocol/clientViews.ts';
import { readDiscovery } from '../../../protocol/discovery.ts';
import type { MethodTable } from '../../../protocol/rpc.ts';
import { protocolVersion, workerToServer } from '../../../protocol/worker.ts';
import { callRun } from '../../../server/api/runDoor.ts';
import { runDirectory, runPaths } from '../../../server/store/home.ts';
import { readRun } from '../../../server/store/runStore.ts';
import { SlotRecord } from '../../../server/workers/slotRecord.ts';
import { type HostSettings, hostProgram } from '../faults/host.ts';
import { linearTask } from '../linearTask.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { FuzzTarget } from './fuzz.ts';
import { damagedText, damagedValue, deepText, noise, oddValue } from './mutation.ts';
import { samplerOf } from './sampleOf.ts';
import { Wire } from './wire.ts';

const run = '20260104-000000-linear-fa01';
/** Valid as a name, and no run of ours: what would change a run is asked of this one. */
const otherRun = '20260104-000000-linear-fa02';
/** May be asked of the live run as often as they like: they change nothing. */
const harmless = /\.(get|snapshot|events|follow|unfollow|list|listed|offered|watch|page|files|file|log|output)$/;
/** Never asked in a form that might be granted: they would end the server, or begin long work on this machine. */
const grave =
  /^(server\.stop|environment\.|run\.start|run\.resume|task\.|machine\.doctor|model\.test|candidate\.export)/;
/** After so many frames the server is asked whether it still answers. */
const askEvery = 40;
const answerMs = 20_000;

interface Door {
  role: string;
  path: string;
  token: string;
  /** Said first on most connections. */
  greeting: unknown;
  methods: { name: string; params: (random: SeededRandom) => unknown }[];
}

const methodsOf = (table: MethodTable) =>
  Object.entries(table).map(([name, { params }]) => ({ name, params: samplerOf(params) }));

function requestTo({ methods }: Door, random: SeededRandom): Record<string, unknown> {
  const { name, params } = random.pick(methods);
  const given = params(random);
  if (typeof given === 'object' && given !== null && 'run' in given)
    Object.assign(given, { run: harmless.test(name) ? run : otherRun });
  const isGrave = grave.test(name);
  return {
    jsonrpc: '2.0',
    ...(random.chance(0.9) ? { id: random.between(0, 1_000_000) } : {}),
    method: name,
    params: isGrave ? oddValue(random) : given,
  };
}

function frame(door: Door, random: SeededRandom): string {
  const kind = random.uniform();
  const message = requestTo(door, random);
  if (kind < 0.2) return JSON.stringify(message);
  if (kind < 0.55) return JSON.stringify(damagedValue(message, random));
  if (kind < 0.75) return damagedText(JSON.stringify(message), random);
  if (kind < 0.9) return JSON.stringify(odd(random));
  if (kind < 0.99) return JSON.stringify(oddValue(random));
  return random.chance(0.5)
    ? deepText(random, random.between(10, 50_000))
    : `{"jsonrpc":"2.0","id":1,"method":"run.get","params":{"run":${deepText(random, random.between(10, 50_000))}}}`;
}

/** What is a message, and not a request of ours: answers to nothing, cancellations, the library's own notifications. */
function odd(random: SeededRandom): unknown {
  const id = random.pick<unknown>([1, 'a', null, -1, 1.5, {}, 'x'.repeat(300)]);
  return random.pick<() => unknown>([
    () => ({ jsonrpc: '2.0', id, result: oddValue(random) }),
    () => ({ jsonrpc: '2.0', id, error: { code: random.between(-40_000, 0), message: 'no', data: oddValue(random) } }),
    () => ({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } }),
    () => ({
      jsonrpc: '2.0',
      method: random.pick(['$/progress', '$/setTrace', '$/logTrace']),
      params: oddValue(random),
    }),
    () => ({
      jsonrpc: '2.0',
      id,
      method: random.pick(['__proto__', 'toString', 'constructor', '', 'hello']),
      params: {},
    }),
    () => [{ jsonrpc: '2.0', id: 1, method: 'run.get', params: {} }],
  ])();
}

/** Bytes below the frames: reserved bits, unmasked, endless, in the wrong order, no WebSocket at all. */
function rawBytes(random: SeededRandom): Buffer {
  const mask = noise(random, 4);
  return random.pick<() => Buffer>([
    () => noise(random, random.between(1, 400)),
    () => Buffer.concat([Buffer.from([0x81 | random.between(0, 0x70), 0x80 | 5]), mask, noise(random, 5)]),
    () => Buffer.from([0x81, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f]),
    // Announces more than is allowed, and sends nothing of it.
    () => Buffer.concat([Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), mask]),
    () => Buffer.concat([Buffer.from([0x80, 0x80 | 3]), mask, noise(random, 3)]),
    () => Buffer.concat([Buffer.from([0x89, 0x80 | 126, 0x01, 0x00]), mask, noise(random, 256)]),
    () => Buffer.concat([Buffer.from([0x88, 0x80 | 1]), mask, noise(random, 1)]),
    () =>
      Buffer.concat([
        Buffer.from([0x01, 0x80 | 2]),
        mask,
        noise(random, 2),
        Buffer.from([0x01, 0x80 | 2]),
        mask,
        noise(random, 2),
      ]),
    () => Wire.frameOf(Buffer.from([0xff, 0xfe, 0xc0]), mask, 1),
    () => Wire.frameOf(noise(random, random.between(0, 200)), mask, 2),
  ])();
}

export const frames: FuzzTarget = {
  name: 'frames',
  deadlineMs: 60_000,
  start: async () => {
    const live = await liveServer();
    const wires = new Map<Door, Wire>();
    const { doors } = live;
    const answers: Record<string, number> = {};
    const onAnswer = (kind: string) => {
      answers[kind] = (answers[kind] ?? 0) + 1;
    };
    const wireTo = async (door: Door, random: SeededRandom): Promise<Wire> => {
      const known = wires.get(door);
      if (known?.isOpen) return known;
      const wire = await Wire.open(door.path, door.role, door.token, onAnswer);
      wires.set(door, wire);
      if (random.chance(0.8))
        wire.send(JSON.stringify({ jsonrpc: '2.0', id: 'greeting', method: 'hello', params: door.greeting }));
      return wire;
    };
    /** A fresh connection is answered, and so is the one that has had all those frames, if it stands. */
    const ask = async (door: Door): Promise<void> => {
      const fresh = await Wire.open(door.path, door.role, door.token);
      try {
        await fresh.answered('still there', answerMs);
      } finally {
        fresh.close();
      }
      const known = wires.get(door);
      if (known?.isOpen) await known.answered('still here', answerMs);
    };
    return {
      watched: [live.pid],
      tally: () => answers,
      attempt: async (random, index) => {
        const door = random.pick(doors);
        const wire = await wireTo(door, random);
        const isRaw = random.chance(0.02);
        if (isRaw) wire.sendBytes(rawBytes(random));
        else if (random.chance(0.01)) wire.close();
        else wire.send(frame(door, random));
        if (index % askEvery !== askEvery - 1) return isRaw ? 'bytes' : `${door.role}: frame`;
        for (const one of doors) await ask(one);
        return 'answered';
      },
      quiet: async () => {
        for (const wire of wires.values()) wire.close();
        await sleep(1000);
      },
      settle: () => live.end(),
      close: async () => {
        for (const wire of wires.values()) wire.close();
        await live.dispose();
      },
    };
  },
};

/** A server with two workers and a run that is paused, in a process of its own. */
async function liveServer() {
  const toy = await linearTask();
  const temporary = await mkdtemp(join(tmpdir(), 'aira2-fuzz-'));
  chmodSync(temporary, 0o755);
  const settings: HostSettings = {
    ...{ home: toy.home, run, candidates: 1000, workers: 2, timing: {} },
    researcher: { lookS: 0, thinkS: 0, programS: 0 },
  };
  const host = execa(process.execPath, [hostProgram, JSON.stringify(settings)], {
    reject: false,
    // A small heap: what leaks shows within some thousands of frames.
    env: { TMPDIR: temporary, NODE_OPTIONS: '--max-old-space-size=64 --max-semi-space-size=4' },
    stdout: 'ignore',
  });
  const paths = runPaths(runDirectory(toy.home, run));
  const dispose = async () => {
    host.kill('SIGKILL');
    await host;
    await rm(temporary, { recursive: true, force: true });
    await toy[Symbol.asyncDispose]();
  };
  try {
    let discovery = await readDiscovery(paths.discovery);
    for (const deadline = Date.now() + 180_000; discovery === null; discovery = await readDiscovery(paths.discovery)) {
      if (Date.now() > deadline || host.exitCode !== null) throw new Error('the server did not come up');
      await sleep(50);
    }
    await callRun(toy.home, run, (peer) => peer.request('run.pause', { run }, { timeoutMs: answerMs }));
    const { token: workerToken, workerId } = SlotRecord.parse(
      JSON.parse(await readFile(join(paths.workers, 'slot-0.json'), 'utf8')),
    );
    const path = join(paths.directory, 'server.sock');
    const capabilities = { driver: 'bwrap', notEnforced: [], gpus: [] };
    const hello = {
      protocol: protocolVersion,
      build: '0',
      workerId: `${workerId}x`,
      slot: 0,
      pid: process.pid,
      epoch: 0,
    };
    const doors: Door[] = [
      {
        ...{ role: 'client', path, token: discovery.token },
        greeting: { protocol: clientProtocol, build: '', kind: 'other', name: 'fuzz' },
        methods: methodsOf(clientToServer),
      },
      {
        ...{ role: 'worker', path, token: workerToken },
        greeting: { ...hello, capabilities, sessions: [], executions: [] },
        methods: methodsOf(workerToServer),
      },
    ];
    const end = async () => {
      await callRun(toy.home, run, (peer) => peer.request('run.stop', { run, now: true }, { timeoutMs: answerMs }));
      const { exitCode, stderr } = await host;
      const { view } = await readRun(toy.home, run);
      if (exitCode !== 0 || view.summary.state !== 'finished')
        throw new Error(`the run did not end: ${exitCode}, ${view.summary.state}: ${String(stderr).slice(-1000)}`);
    };
    return { pid: host.pid ?? 0, doors, end, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
