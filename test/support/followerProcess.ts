/**
 * A client that follows a run in a process of its own, so that tests can put it to sleep: `node followerProcess.ts <home> <run>`.
 * Prints a line for each batch: the first and last number of its events, and `reset <number>` for each snapshot.
 */
import { fileURLToPath } from 'node:url';
import { RunFeed } from '../../protocol/runFeed.ts';
import { AgentServerClient, runningServer } from '../../protocol/serverClient.ts';

export const followerProgram = fileURLToPath(import.meta.url);

function main(home: string, run: string): void {
  const client = new AgentServerClient({
    target: runningServer(home),
    kind: 'other',
    name: 'follower',
    build: 'test',
    log: { warn: () => undefined },
    maxBackoffMs: 500,
  });
  const feed = new RunFeed(client, run);
  feed.onChange((change) => {
    if (change.kind === 'reset') console.log(`reset ${change.view.lastSeq}`);
    if (change.kind === 'events') console.log(`${change.events[0]?.seq} ${change.events.at(-1)?.seq}`);
    if (change.kind === 'ended') console.log(`ended ${change.error.message}`);
  });
}

if (process.argv[1] === followerProgram) {
  const [home = '', run = ''] = process.argv.slice(2);
  main(home, run);
}
