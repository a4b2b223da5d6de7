import { Argument, Command } from 'commander';
import * as z from 'zod';
import { CliError, exitCodes } from '../exitCodes.ts';
import { type FormName, forms } from '../output.ts';

/** `aira2 schema [form]`: the documentation of `--json`, from the schemas that check it. */
export function schemaCommand(): Command {
  const names = Object.keys(forms);
  return new Command('schema')
    .description('Show the JSON Schema of what a command prints with --json.')
    .option('--json', 'it is JSON in any case')
    .addArgument(new Argument('[form...]', `which form; without: all of them`).argOptional())
    .addHelpText('after', `\nForms: ${names.join(', ')}.`)
    .action((words: string[]) => {
      const chosen = words.length === 0 ? names : [words.join(' ')];
      const schemas = chosen.map((name) => [
        name,
        z.toJSONSchema(formOf(name), { io: 'output', unrepresentable: 'any' }),
      ]);
      process.stdout.write(`${JSON.stringify(Object.fromEntries(schemas), null, 2)}\n`);
    });
}

function formOf(name: string): z.ZodType {
  const known = (text: string): text is FormName => text in forms;
  if (!known(name))
    throw new CliError(exitCodes.badInput, `there is no form "${name}"; forms: ${Object.keys(forms).join(', ')}`);
  return forms[name];
}
