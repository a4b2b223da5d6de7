/** The client's side of the door: authenticated, each frame checked, each refusal in words for a person. */
import type { Logger } from 'pino';
import { clientToServer, maxClientFrameBytes, maxServerFrameBytes, serverToClient } from '../../protocol/client.ts';
import { Peer } from '../../protocol/rpc.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { ScorerClosedError, ScorerError } from '../evaluation/errors.ts';
import { CandidateNotFoundError, RequestRefusedError } from '../search/requests.ts';
import type { RunStore } from '../store/runStore.ts';
import { type Endpoint, sameSecret } from '../transport/endpoint.ts';
import { meetingVersion, serverInfo } from './serverInfo.ts';
import type { RunSteering } from './steering.ts';

export interface HostedRun {
  home: string;
  store: RunStore;
  steering: RunSteering;
  log: Logger;
}

export function serveClients(endpoint: Endpoint, token: string, run: HostedRun): void {
  endpoint.addRole('client', {
    authenticate: (given) => (sameSecret(given, token) ? 'client' : null),
    maxPayloadBytes: maxClientFrameBytes,
    maxConnections: 64,
    onConnection: (socket) => {
      const peer = new Peer(socket, {
        local: clientToServer,
        remote: serverToClient,
        maxPayloadBytes: maxServerFrameBytes,
        log: { warn: (message) => run.log.warn({ part: 'client' }, message) },
      });
      const steer = async (id: string, act: () => Promise<void>) => {
        await heeded(run, id, act);
        return {};
      };
      const queue = async (id: string, act: () => Promise<string>) => ({ request: await heeded(run, id, act) });
      const { steering } = run;
      peer.handle('hello', ({ protocol }) => ({
        protocol: meetingVersion(protocol),
        server: serverInfo({
          home: run.home,
          log: run.store.paths.log,
          draining: true,
          clients: 1,
          liveRuns: [run.store.id],
        }),
      }));
      peer.handle('run.get', ({ run: id }) => heeded(run, id, async () => run.store.view.summary));
      peer.handle('run.pause', ({ run: id }) => steer(id, () => steering.pause()));
      peer.handle('run.unpause', ({ run: id }) => steer(id, () => steering.unpause()));
      peer.handle('run.finish', ({ run: id }) => steer(id, () => steering.finish()));
      peer.handle('run.stop', ({ run: id, now }) => steer(id, () => steering.stop({ now })));
      peer.handle('run.extend', ({ run: id, by }) => steer(id, () => steering.extend(by)));
      peer.handle('run.unseal', ({ run: id }) => steer(id, () => steering.unsealEarly()));
      peer.handle('run.fork', ({ run: id, operation, ...wish }) =>
        queue(id, () => steering.ask(operation, { kind: 'fork', ...wish })),
      );
      peer.handle('run.cross', ({ run: id, operation, ...wish }) =>
        queue(id, () => steering.ask(operation, { kind: 'cross', ...wish })),
      );
      peer.handle('run.submit', ({ run: id, operation, ...wish }) =>
        queue(id, () => steering.ask(operation, { kind: 'submit', ...wish })),
      );
      peer.handle('candidate.mark', ({ run: id, candidate, ...marks }) =>
        steer(id, () => steering.mark(candidate, marks)),
      );
      peer.handle('candidate.reevaluate', ({ run: id, operation, ...wish }) =>
        queue(id, () => steering.ask(operation, { kind: 'reevaluate', ...wish })),
      );
      peer.listen();
    },
  });
}

/** What is refused is refused in words; anything else is a fault of ours, and stays in the log. */
async function heeded<T>(run: HostedRun, id: string, act: () => Promise<T>): Promise<T> {
  if (id !== run.store.id) throw new RpcRefusal('not_here', `this server hosts run ${run.store.id}, not ${id}`);
  try {
    return await act();
  } catch (error) {
    if (error instanceof CandidateNotFoundError) throw new RpcRefusal('not_found', error.message);
    if (error instanceof RequestRefusedError || error instanceof ScorerError || error instanceof ScorerClosedError)
      throw new RpcRefusal('refused', error.message);
    throw error;
  }
}
