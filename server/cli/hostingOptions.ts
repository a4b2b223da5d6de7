/** Where a command's run lives: in the agent server, which outlives the terminal, or in the command's own process. */
import { type Command, Option } from 'commander';
import type { CommonOptions } from './options.ts';

export interface HostingOptions extends CommonOptions {
  foreground?: true;
  background?: true;
  detach?: true;
}

const names = ['foreground', 'background', 'detach'] as const;

/** @param never options that a run in the agent server cannot have */
export function withHosting(command: Command, never: string[] = []): Command {
  const words = {
    foreground: 'host the run in this process: it ends with it (the default without a terminal, and with --json)',
    background: 'host the run in the agent server, and follow it here (the default on a terminal)',
    detach: 'host the run in the agent server, and return as soon as it has started',
  };
  for (const name of names)
    command.addOption(
      new Option(`--${name}`, words[name]).conflicts([
        ...names.filter((other) => other !== name),
        ...(name === 'foreground' ? [] : never),
      ]),
    );
  return command;
}

/** A script's run is the script's own: it ends when that is ended, and has its environment. */
export function hostedWhere(options: HostingOptions, mustBeHere: boolean): 'here' | 'server' | 'detached' {
  if (options.detach === true) return 'detached';
  if (options.background === true) return 'server';
  if (options.foreground === true || mustBeHere) return 'here';
  return process.stderr.isTTY === true && options.json !== true ? 'server' : 'here';
}
