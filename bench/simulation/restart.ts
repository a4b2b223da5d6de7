/** Opens a run as a restarted server does and says how long that took: `node restart.ts <home> <run>`. */
import { Governor } from '../../server/models/governor/governor.ts';
import { Population } from '../../server/search/population.ts';
import { RunAccounts } from '../../server/search/runAccounts.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { sleepingModel } from './sleepingModel.ts';

const [home = '', run = ''] = process.argv.slice(2);
const before = performance.now();
const store = await RunStore.open(home, run);
await store.append({ type: 'run_resumed', pid: process.pid });
Population.following(store);
await RunAccounts.open({ store, model: sleepingModel(0), price: null, governor: new Governor() });
const openMs = Math.round(performance.now() - before);
const result = {
  openMs,
  // `performance.now()` counts from the start of the process: loading the program is in it.
  sinceProcessStartMs: Math.round(performance.now()),
  rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
await store.close();
