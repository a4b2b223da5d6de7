/** The agent server of this home, from the command line: how it is started, and a client of it. */
import { join } from 'node:path';
import { findOrStart } from '../../protocol/findServer.ts';
import { AgentServerClient, localServer, runningServer, type Target } from '../../protocol/serverClient.ts';
import { thisBuild } from '../api/build.ts';
import { isBuilt, programEntry, programRoot } from '../programFiles.ts';

/** What runs `aira2 serve` with this very program. */
export function serveCommandLine(...more: string[]): string[] {
  const entry = isBuilt ? programEntry('aira2') : join(programRoot, 'bin', 'aira2.js');
  return [process.execPath, entry, 'serve', ...more];
}

/** Starts the server of this home if there is none. */
export function startServer(home: string, more: string[], waitMs?: number) {
  return findOrStart({ home, command: serveCommandLine(...more), ...(waitMs === undefined ? {} : { waitMs }) });
}

/** A client of the server of this home. Dispose of it. @throws what keeps it from being reached */
export async function connectToServer(home: string, { start }: { start: boolean }): Promise<AgentServerClient> {
  const target: Target = start ? localServer({ home, command: serveCommandLine() }) : runningServer(home);
  const client = new AgentServerClient({
    target,
    kind: 'cli',
    name: `aira2, process ${process.pid}`,
    build: thisBuild().build,
    log: { warn: () => undefined },
  });
  try {
    await client.ready();
    return client;
  } catch (error) {
    await client.dispose();
    throw error;
  }
}
