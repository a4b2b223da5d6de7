/** What every command takes, and texts on the command line: how long they may be, and what is said when they are not. */
import { type Command, InvalidArgumentError } from 'commander';

/** Options that every command has that looks at runs, tasks or this machine. */
export interface CommonOptions {
  home?: string;
  json?: boolean;
}

export function withCommon(command: Command): Command {
  return command
    .option('--json', 'print one documented JSON value (aira2 schema) on standard output, and nothing else')
    .option('--home <folder>', 'where tasks and runs are kept (default: $AIRA2_HOME, else ~/.aira2)');
}

/** A text that says something, of `max` characters at most. */
export function textUpTo(max: number) {
  return (text: string): string => {
    if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
    if (text.length > max)
      throw new InvalidArgumentError(`It must have at most ${max} characters; these are ${text.length}.`);
    return text;
  };
}
