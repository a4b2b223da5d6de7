/** The client's side of the door: authenticated, each frame checked, each refusal in words for a person. */
import type { Logger } from 'pino';
import { clientToServer, serverToClient } from '../../protocol/client.ts';
import { Peer } from '../../protocol/rpc.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { entryFile } from '../search/candidateWork.ts';
import { prepareRequest, RequestRefusedError, type Wish } from '../search/requests.ts';
import type { SteadyState } from '../search/steadyState.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { type Endpoint, sameSecret } from '../transport/endpoint.ts';

/** A submitted program of 8 MiB in base64, with room around it. */
const maxPayloadBytes = 16 * 1024 * 1024;

export interface HostedRun {
  store: RunStore;
  search: SteadyState;
  task: PreparedTask;
  log: Logger;
}

export function serveClients(endpoint: Endpoint, token: string, run: HostedRun): void {
  endpoint.addRole('client', {
    authenticate: (given) => (sameSecret(given, token) ? 'client' : null),
    maxPayloadBytes,
    maxConnections: 64,
    onConnection: (socket) => {
      const peer = new Peer(socket, {
        local: clientToServer,
        remote: serverToClient,
        maxPayloadBytes,
        log: { warn: (message) => run.log.warn({ part: 'client' }, message) },
      });
      const queue = async (wish: Wish) => {
        const { request, body } = await prepared(run, wish);
        await run.search.request(request, body);
        return { request };
      };
      peer.handle('run.get', async ({ run: id }) => mine(run, id).view.summary);
      peer.handle('run.pause', async ({ run: id }) => acknowledged(mine(run, id), () => run.search.pause()));
      peer.handle('run.unpause', async ({ run: id }) => acknowledged(mine(run, id), () => run.search.unpause()));
      peer.handle('run.stop', async ({ run: id, now }) =>
        acknowledged(mine(run, id), () => run.search.stop('a person stopped it', { now })),
      );
      peer.handle('run.fork', async ({ run: id, ...wish }) => queue({ kind: 'fork', ...checked(run, id, wish) }));
      peer.handle('run.cross', async ({ run: id, ...wish }) => queue({ kind: 'cross', ...checked(run, id, wish) }));
      peer.handle('run.submit', async ({ run: id, ...wish }) => queue({ kind: 'submit', ...checked(run, id, wish) }));
      peer.listen();
    },
  });
}

function mine(run: HostedRun, id: string): RunStore {
  if (id !== run.store.id) throw new RpcRefusal('not_here', `this server hosts run ${run.store.id}, not ${id}`);
  return run.store;
}

function checked<T>(run: HostedRun, id: string, value: T): T {
  mine(run, id);
  return value;
}

async function acknowledged(_store: RunStore, act: () => Promise<void>): Promise<Record<string, never>> {
  await act();
  return {};
}

async function prepared(run: HostedRun, wish: Wish) {
  try {
    return await prepareRequest(run.store, wish, entryFile(run.task.manifest.run.cmd));
  } catch (error) {
    if (error instanceof RequestRefusedError) throw new RpcRefusal('refused', error.message);
    throw error;
  }
}
