/** The client's side of the door: authenticated, each frame checked, each refusal in words for a person. */
import type { Logger } from 'pino';
import { clientToServer, serverToClient } from '../../protocol/client.ts';
import { Peer } from '../../protocol/rpc.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { entryFile } from '../search/entryFile.ts';
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
      const queue = async (id: string, wish: Wish) => {
        requireHere(run, id);
        const { request, body } = await prepared(run, wish);
        await run.search.request(request, body);
        return { request };
      };
      const steer = async (id: string, act: () => Promise<void>) => {
        requireHere(run, id);
        await act();
        return {};
      };
      peer.handle('run.get', async ({ run: id }) => {
        requireHere(run, id);
        return run.store.view.summary;
      });
      peer.handle('run.pause', ({ run: id }) => steer(id, () => run.search.pause()));
      peer.handle('run.unpause', ({ run: id }) => steer(id, () => run.search.unpause()));
      peer.handle('run.stop', ({ run: id, now }) => steer(id, () => run.search.stop('a person stopped it', { now })));
      peer.handle('run.fork', ({ run: id, ...wish }) => queue(id, { kind: 'fork', ...wish }));
      peer.handle('run.cross', ({ run: id, ...wish }) => queue(id, { kind: 'cross', ...wish }));
      peer.handle('run.submit', ({ run: id, ...wish }) => queue(id, { kind: 'submit', ...wish }));
      peer.listen();
    },
  });
}

function requireHere(run: HostedRun, id: string): void {
  if (id !== run.store.id) throw new RpcRefusal('not_here', `this server hosts run ${run.store.id}, not ${id}`);
}

async function prepared(run: HostedRun, wish: Wish) {
  try {
    return await prepareRequest(run.store, wish, entryFile(run.task.manifest.run.cmd));
  } catch (error) {
    if (error instanceof RequestRefusedError) throw new RpcRefusal('refused', error.message);
    throw error;
  }
}
