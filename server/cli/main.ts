/** The `aira2` command: arguments in, one clear outcome out. Each command lives in `commands/`. */
import '../heap.ts';
import { Command } from 'commander';
import { doctorCommand } from './commands/doctor.ts';
import { requestCommands } from './commands/requests.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { schemaCommand } from './commands/schema.ts';
import { serveCommand } from './commands/serve.ts';
import { taskCommand } from './commands/task.ts';
import { exitCodeOf, exitCodes } from './exitCodes.ts';
import { printFailure } from './output.ts';

function program(): Command {
  const root = new Command('aira2')
    .description('Evolves machine-learning programs with research agents, and scores them where they cannot cheat.')
    .version('0.1.0')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .addHelpText(
      'after',
      `
Start here
  $ aira2 doctor                                  what this machine has and lacks
  $ aira2 run diamonds --candidates 12            a search with the built-in researcher, no key needed
  $ aira2 run diamonds --model gemini:<name>      the same, driven by a language model (GEMINI_API_KEY)
  $ aira2 runs report last                        what came out of it

Runs and candidates: a run is named by its id, by any part of it that is unique, or by "last"; a candidate by its number.
Exit codes: 0 done · 1 internal error · 2 bad input · 3 not found · 4 machine lacks something · 5 no result · 130 interrupted.`,
    );
  for (const command of [
    runCommand(),
    runsCommand(),
    ...requestCommands(),
    taskCommand(),
    serveCommand(),
    doctorCommand(),
    schemaCommand(),
  ])
    root.addCommand(command);
  return overrideExit(root);
}

/** Commander's own exits become errors, so that every way out is the one below. @param path of the command, as it is typed */
function overrideExit(command: Command, path = command.name()): Command {
  command.exitOverride((error) => {
    if (error.code === 'commander.help') error.message = `Name a command: those of ${path} stand above.`;
    else if (error.exitCode !== 0) error.message = `${error.message.trimEnd()}\n(${path} --help shows what it takes)`;
    throw error;
  });
  command.configureOutput({ outputError: () => undefined });
  for (const child of command.commands) overrideExit(child, `${path} ${child.name()}`);
  return command;
}

try {
  await program().parseAsync();
} catch (error) {
  const exitCode = exitCodeOf(error);
  process.exitCode = exitCode;
  if (exitCode !== exitCodes.ok) printFailure(error, exitCode);
}
