import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { ExecutionResult } from '../../protocol/worker.ts';
import { Endpoint } from '../../server/transport/endpoint.ts';
import type { PoolEvent } from '../../server/workers/contract.ts';
import { WorkerPool } from '../../server/workers/pool.ts';
import { bash, killLeftWorkers, ofType, spec, textOf, timing, until, venv } from './poolFixture.ts';

const dyingServer = fileURLToPath(new URL('./dyingServer.ts', import.meta.url));

async function killedAt(directory: string, step: string): Promise<void> {
  const server = spawn(process.execPath, [dyingServer, directory, step], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [, signal] = await once(server, 'exit', { signal: AbortSignal.timeout(60_000) });
  assert.equal(signal, 'SIGKILL', `the server did not come to the step "${step}"`);
}

function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

async function successor(directory: string, events: PoolEvent[]) {
  const endpoint = await Endpoint.start({ kind: 'unix', path: join(directory, 'run', 'server.sock') });
  const pool = await WorkerPool.start({
    endpoint,
    stateDirectory: join(directory, 'run', 'workers'),
    slots: 1,
    driver: 'none',
    venv,
    gpuUuids: [],
    log: pino({ level: 'silent' }),
    onEvent: (event) => events.push(event),
    timing,
  });
  return { endpoint, pool };
}

const steps = [
  'launched',
  'granted',
  'ready',
  'session opened',
  'execution asked for',
  'execution started',
  'running',
  'result received',
  'result committed',
  'result acknowledged',
];

describe('a server killed with SIGKILL', { timeout: 180_000, concurrency: 2 }, () => {
  for (const step of steps) {
    it(`at the step "${step}" costs no execution, and none runs twice`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'killed-'));
      const events: PoolEvent[] = [];
      const close: (() => Promise<void>)[] = [];
      try {
        await killedAt(directory, step);
        const { endpoint, pool } = await successor(directory, events);
        close.push(
          () => pool.close(),
          () => endpoint.close(),
        );
        assert.equal(ofType(events, 'slot_ready')[0]?.adopted, true, 'the worker was not adopted');
        const slot = pool.slot(0);
        const { kept } = await slot.openSession('agent', spec);
        assert.equal(kept, steps.indexOf(step) >= steps.indexOf('session opened'));
        const committed = join(directory, 'committed');
        if (lines(committed).length === 0) {
          // What a resumed engine does: it asks again for what it has no result of.
          const command = `echo run >> ${join(directory, 'runs')}; for i in 1 2 3 4 5; do echo part $i; done`;
          await slot.execute('exec-1', bash('agent', command), {
            commit: async (result) => appendFileSync(committed, `${JSON.stringify(result)}\n`),
          });
        } else if (step === 'result committed') {
          await until(() => slot.unclaimed().includes('exec-1'), 'the worker keeps what was not acknowledged');
          await slot.forget(['exec-1']);
          assert.deepEqual(slot.unclaimed(), []);
        }
        assert.equal(lines(join(directory, 'runs')).length, 1);
        assert.equal(lines(committed).length, 1);
        const result: ExecutionResult = JSON.parse(lines(committed)[0] ?? 'null');
        assert.match(textOf(result), /part 1\n[\s\S]*part 5/);
        assert.match(textOf(await slot.execute('exec-2', bash('agent', 'echo still here'))), /still here/);
        assert.equal(ofType(events, 'slot_lost').length, 0);
      } finally {
        for (const end of close) {
          await end();
        }
        killLeftWorkers(directory);
        await rm(directory, { recursive: true, force: true });
      }
    });
  }
});
