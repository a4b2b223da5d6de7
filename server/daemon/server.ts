/** What the parts of the agent server share. */
import type { Logger } from 'pino';
import type { ServerInfo } from '../../protocol/clientViews.ts';
import type { RunId } from '../../protocol/run.ts';
import type { ChatModel } from '../models/chatModel.ts';
import type { ClientSession } from './clientSession.ts';
import type { Hosting } from './hosting.ts';
import type { KeyRing } from './keyRing.ts';
import type { Offers } from './offers.ts';
import type { Operations } from './operations.ts';
import type { RunCatalog } from './runCatalog.ts';
import type { RunWatch } from './runWatch.ts';
import type { WorkersWatch } from './workersWatch.ts';

export interface ServerParts {
  home: string;
  log: Logger;
  catalog: RunCatalog;
  hosting: Hosting;
  keys: KeyRing;
  offers: Offers;
  operations: Operations;
  runWatch: RunWatch;
  workersWatch: WorkersWatch;
  sessions: ReadonlySet<ClientSession>;
  info: () => ServerInfo;
  /** @throws {RefusedError} `environment` */
  venv: () => string;
  /** @throws {ChatModelError} kind `auth` without a key; {UnknownModelError} */
  modelOf: (id: string) => ChatModel;
  /** @throws {RpcRefusal} `draining`, when nothing new is begun */
  requireOpen: () => void;
  /** @throws {RefusedError} for `idle` while a run is live */
  stop: (how: 'idle' | 'drain' | 'handover') => void;
  /** Tells clients how the server is, soon. */
  changed: () => void;
}

/** Names under which a session follows things. */
export const followedRun = (run: RunId) => `run ${run}`;
export const followedTrajectory = (run: RunId, candidate: number) => `trajectory ${run} ${candidate}`;
