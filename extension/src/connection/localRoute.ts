/** The agent server of this user on this machine. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { serverPaths } from '../../../protocol/discovery.ts';
import { findServer } from '../../../protocol/findServer.ts';
import { localServer, type Target } from '../../../protocol/serverClient.ts';
import type { Route } from './route.ts';
import { installServer } from './serverBundle.ts';

export interface LocalRouteOptions {
  home: string;
  /** Where the extension is installed, with the server in it. */
  extensionFolder: string;
  /** Virtual environment for scorer and sandboxes; undefined: the server's own choice. */
  python: string | undefined;
  /** A restricted window starts nothing. */
  mayStart: () => boolean;
  environment?: NodeJS.ProcessEnv;
  /** How long a server may take to listen, in milliseconds. */
  waitMs?: number;
}

/** A cold disk and a busy machine; the person sees that it starts. */
const defaultWaitMs = 30_000;

/** A server cannot be started from a window that does not trust its workspace. */
export class RestrictedError extends Error {
  override readonly name = 'RestrictedError';

  constructor() {
    super(
      'The agent server is not started from a workspace in Restricted Mode. Trust the workspace, or start a run from a trusted one.',
    );
  }
}

export function localRoute(options: LocalRouteOptions): Route {
  const { home, mayStart } = options;
  // Once connected, a server that died is started again: its runs are taken up.
  const target: Target = async (how) => {
    const found = await findServer(home);
    if (found !== null) return found;
    if (!mayStart()) throw new RestrictedError();
    prepared ??= prepare(options).catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    return (await prepared)(how);
  };
  let prepared: Promise<Target> | null = null;
  return {
    machine: hostname(),
    isLocal: true,
    find: async () => ((await findServer(home)) === null ? null : target),
    start: async () => {
      if ((await findServer(home)) === null && !mayStart()) throw new RestrictedError();
      return target;
    },
    dispose: async () => undefined,
  };
}

async function prepare({
  home,
  extensionFolder,
  python,
  environment,
  waitMs = defaultWaitMs,
}: LocalRouteOptions): Promise<Target> {
  const folder = await installServer(extensionFolder, join(serverPaths(home).directory, 'builds'));
  return localServer({
    home,
    command: [process.execPath, join(folder, 'server', 'aira2.mjs'), 'serve'],
    environment: serverEnvironment(environment ?? process.env, python),
    waitMs,
  });
}

/**
 * What the daemon inherits: everything but what VS Code tells its own processes, which ends with this window. `process.execPath`
 * is Electron on a desktop: it acts as Node when told so.
 */
export function serverEnvironment(from: NodeJS.ProcessEnv, python: string | undefined): NodeJS.ProcessEnv {
  const kept = Object.entries(from).filter(([name]) => !/^(VSCODE_|ELECTRON_)/.test(name) && name !== 'NODE_OPTIONS');
  return {
    ...Object.fromEntries(kept),
    ELECTRON_RUN_AS_NODE: '1',
    ...(python === undefined ? {} : { AIRA2_VENV: python }),
  };
}
