/**
 * An agent server in a process of its own, for tests to kill: it starts a pool, runs one program in a session, and kills
 * itself with SIGKILL at the step it was told. Arguments: folder, step.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { WorkerConfig } from '../../protocol/worker.ts';
import { Endpoint } from '../../server/transport/endpoint.ts';
import { LocalLauncher } from '../../server/workers/localLauncher.ts';
import { WorkerPool } from '../../server/workers/pool.ts';
import { bash, spec, timing, venv } from './poolFixture.ts';

const [directory = '', step = ''] = process.argv.slice(2);

function dieAt(here: string): void {
  if (here === step) {
    process.kill(process.pid, 'SIGKILL');
  }
}

class DyingLauncher extends LocalLauncher {
  override async launch(config: WorkerConfig) {
    const id = await super.launch(config);
    dieAt('launched');
    return id;
  }
}

const endpoint = await Endpoint.start({ kind: 'unix', path: join(directory, 'run', 'server.sock') });
const pool = await WorkerPool.start({
  endpoint,
  stateDirectory: join(directory, 'run', 'workers'),
  slots: 1,
  driver: 'none',
  venv,
  gpuUuids: [],
  log: pino({ level: 'silent' }),
  launcher: new DyingLauncher(),
  onEvent: (event) => {
    if (event.type === 'slot_ready') {
      dieAt('granted');
    }
  },
  timing,
});
dieAt('ready');
const slot = pool.slot(0);
await slot.openSession('agent', spec);
dieAt('session opened');
const command = `echo run >> ${join(directory, 'runs')}; for i in 1 2 3 4 5; do echo part $i; sleep 0.3; done`;
const execution = slot.execute('exec-1', bash('agent', command), {
  onOutput: () => dieAt('running'),
  commit: async (result) => {
    dieAt('result received');
    appendFileSync(join(directory, 'committed'), `${JSON.stringify(result)}\n`);
    dieAt('result committed');
  },
});
dieAt('execution asked for');
setTimeout(() => dieAt('execution started'), 100);
await execution;
setImmediate(() => dieAt('result acknowledged'));
