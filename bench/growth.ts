/**
 * What a long run costs more than a short one: candidates per second and CPU per candidate early and late in one run whose
 * model and evaluation cost nothing, memory of the server, and the time until a new server on that run is ready. Everything
 * else is the product (see simulation/simulatedRun.ts).
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import * as z from 'zod';
import { type LinearTask, linearTask } from '../test/support/linearTask.ts';
import { simulatedRun } from './simulation/simulatedRun.ts';

export const description = 'rate, memory and restart of a run of 10 000 candidates [--candidates 10000] [--slots 8]';

const restartProgram = fileURLToPath(new URL('simulation/restart.ts', import.meta.url));

export const Restart = z.object({ openMs: z.number(), sinceProcessStartMs: z.number(), rssMb: z.number() });

interface Mark {
  count: number;
  at: number;
  cpuMs: number;
}

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: { candidates: { type: 'string', default: '10000' }, slots: { type: 'string', default: '8' } },
  });
  const last = Number(values.candidates);
  await using toy = await linearTask();
  const marks: Mark[] = [];
  let mostRssMb = 0;
  const made = await simulatedRun(toy, {
    slots: Number(values.slots),
    agentsPerSlot: 1,
    modelMs: 0,
    evaluationMs: 0,
    candidates: null,
    onScored: (count) => {
      if (count % 100 === 0) {
        const { user, system } = process.cpuUsage();
        const rssMb = process.memoryUsage.rss() / 2 ** 20;
        mostRssMb = Math.max(mostRssMb, rssMb);
        marks.push({ count, at: performance.now(), cpuMs: (user + system) / 1000 });
        if (count % 1000 === 0) process.stderr.write(`${count} candidates, ${Math.round(rssMb)} MB\n`);
      }
      return count >= last;
    },
  });
  const width = Math.min(1000, last / 4);
  const early = window(marks, Math.min(1000, last / 2) - width / 2, width);
  const late = window(marks, last - width, width);
  return {
    bars: { rateRatio: 0.9, rssMb: 400, restartMs: 2000 },
    candidates: made.scored.length,
    failed: made.failed,
    early,
    late,
    rateRatio: ratio(late.candidatesPerSecond, early.candidatesPerSecond),
    cpuRatio: ratio(early.serverCpuMs, late.serverCpuMs),
    mostRssMb: Math.round(mostRssMb),
    eventsMb: Math.round((await stat(join(toy.home, 'runs', made.run, 'events.jsonl'))).size / 2 ** 20),
    restart: await restart(toy, made.run),
  };
}

/** Rate and CPU of the server for each candidate, in the `width` candidates after `from`. */
function window(marks: Mark[], from: number, width: number) {
  const begin = marks.find(({ count }) => count >= from);
  const end = marks.findLast(({ count }) => count <= from + width);
  if (begin === undefined || end === undefined || end.count <= begin.count)
    throw new Error('too few candidates to see growth: at least 800');
  const count = end.count - begin.count;
  return {
    from: begin.count,
    to: end.count,
    candidatesPerSecond: Math.round((count * 10_000) / (end.at - begin.at)) / 10,
    serverCpuMs: Math.round(((end.cpuMs - begin.cpuMs) / count) * 100) / 100,
  };
}

const ratio = (a: number, b: number) => Math.round((a / b) * 1000) / 1000;

/** A server's way from its start to where it would make the first decision, in a process of its own. */
async function restart({ home }: LinearTask, id: string): Promise<z.infer<typeof Restart>> {
  const { stdout } = await execa(process.execPath, [restartProgram, home, id], { stderr: 'inherit', timeout: 120_000 });
  return Restart.parse(JSON.parse(stdout));
}
