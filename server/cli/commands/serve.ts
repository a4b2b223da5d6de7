/** `aira2 serve`: the agent server of this home, which hosts runs for every window and terminal. */
import { Command, Option } from 'commander';
import type { ServerInfo } from '../../../protocol/clientViews.ts';
import { duration } from '../../../protocol/duration.ts';
import { findServer, serverIsThere } from '../../../protocol/findServer.ts';
import { AgentServer, ServerIsThereError } from '../../daemon/agentServer.ts';
import { openServerLog, type ServerLog } from '../../daemon/serverLog.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { homeOf, logLevel } from '../machine.ts';
import { positive, whole } from '../numbers.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { note, print } from '../output.ts';
import { connectToServer, startServer } from '../serverCommand.ts';

interface ServeOptions extends CommonOptions {
  port?: number;
  idleExit: number | 'never';
  foreground?: true;
  status?: true;
  stop?: true;
  drain?: true;
  handover?: true;
}

const others = ['status', 'stop', 'drain', 'handover', 'foreground'] as const;

export function serveCommand(): Command {
  const command = withCommon(new Command('serve'))
    .description(
      'Start the agent server of this home, or look after it. It hosts runs that outlive windows and terminals.',
    )
    .option('--port <n>', 'listen on this port of 127.0.0.1 instead of a Unix socket; 0: any', whole(0, 65_535))
    .option(
      '--idle-exit <minutes>',
      'end after so long without clients and runs; "never" for not at all',
      (text: string) => (text === 'never' ? text : positive(text)),
      30,
    )
    .addHelpText(
      'after',
      `
There is one for each user, machine and home; commands and windows find it, and start it when they need it. Its folder is
<home>/server: how it is found, its log, and which runs it hosts. A server that was killed is followed by one that takes them up.`,
    );
  const modes: Record<(typeof others)[number], string> = {
    status: 'say whether one runs, and what it hosts',
    stop: 'end it, if no run is live',
    drain: 'have it take no new run, and end after the last one',
    handover: 'interrupt its runs with their workers left at work, and end it: the next server takes them up',
    foreground: 'serve in this process, for containers and service managers',
  };
  for (const name of others)
    command.addOption(new Option(`--${name}`, modes[name]).conflicts(others.filter((other) => other !== name)));
  return command.action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const home = homeOf(options);
  if (options.foreground === true) return serveHere(home, options);
  if (options.status === true) return status(home, options);
  if (options.stop === true) return end(home, options, 'idle');
  if (options.drain === true) return end(home, options, 'drain');
  if (options.handover === true) return end(home, options, 'handover');
  const { port, idleExit } = options;
  await startServer(home, [...(port === undefined ? [] : ['--port', String(port)]), '--idle-exit', String(idleExit)]);
  return status(home, options);
}

async function serveHere(home: string, { port, idleExit }: ServeOptions): Promise<void> {
  const level = logLevel();
  const opened: { log: ServerLog | null } = { log: null };
  try {
    const server = await AgentServer.start({
      home,
      port: port ?? null,
      idleExitMs: idleExit === 'never' ? null : idleExit * 60_000,
      environment: process.env,
      openLog: (path) => {
        opened.log = openServerLog(path, level);
        return opened.log.log;
      },
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        opened.log?.log.info({ signal }, 'a signal ends this server');
        server.stop('handover');
      });
    process.on('uncaughtException', (error) => {
      opened.log?.log.fatal({ err: error }, 'a fault of this server');
      // Like a kill: what was announced is on disk, and the next server takes up the runs.
      process.exit(exitCodes.internal);
    });
    await server.ended;
  } catch (error) {
    if (!(error instanceof ServerIsThereError)) throw error;
    note(`${error.message}: nothing to do`);
    process.exitCode = serverIsThere;
  } finally {
    opened.log?.close();
  }
  // Whatever a library still holds open must not keep a server that has ended.
  process.exit();
}

async function status(home: string, options: CommonOptions): Promise<void> {
  const server = await present(home);
  print(options.json ?? false, 'serve', { server }, () =>
    server === null ? `No agent server runs for ${home}.` : words(server),
  );
}

async function end(home: string, options: CommonOptions, how: 'idle' | 'drain' | 'handover'): Promise<void> {
  if ((await findServer(home)) === null) throw new CliError(exitCodes.badInput, `No agent server runs for ${home}.`);
  const client = await connectToServer(home, { start: false });
  try {
    await client.request('server.stop', { how });
  } finally {
    await client.dispose();
  }
  const server = how === 'drain' ? await present(home) : null;
  print(options.json ?? false, 'serve', { server }, () =>
    server === null ? 'The agent server has ended.' : `The agent server takes no new run.\n${words(server)}`,
  );
}

async function present(home: string): Promise<ServerInfo | null> {
  if ((await findServer(home)) === null) return null;
  const client = await connectToServer(home, { start: false });
  try {
    return await client.request('server.get', {});
  } finally {
    await client.dispose();
  }
}

function words(server: ServerInfo): string {
  const { pid, build, host, user, startedAt, clients, liveRuns, draining, home, log } = server;
  return [
    `agent server ${build}, process ${pid} of ${user} on ${host}, up for ${duration(Date.now() - startedAt)}${draining ? ', draining' : ''}`,
    `home ${home}, log ${log}`,
    `${clients - 1} other client${clients === 2 ? '' : 's'}; ${liveRuns.length === 0 ? 'no live run' : `live: ${liveRuns.join(', ')}`}`,
  ].join('\n');
}
