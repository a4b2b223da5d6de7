/** What `npm test -- …` takes. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../protocol/thrown.ts';

export const groups = ['check', 'unit', 'integration'] as const;
export type Group = (typeof groups)[number];

export interface TestOptions {
  groups: readonly Group[];
  /** Only tests whose name matches. */
  grep: RegExp | null;
  /** Only test files whose path within the project contains one of these. Empty: all. */
  paths: readonly string[];
}

export const usage = `usage: npm test -- [--only check|unit|integration] [--grep PATTERN] [path …]

  --only GROUP     check (types, lint, format, import directions), unit (beside the code), or integration (test/)
  --grep PATTERN   only tests whose name matches this regular expression
  path …           only test files whose path contains one of these`;

/** Arguments that make no sense; the message says which, and how it is done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

function isGroup(name: string): name is Group {
  return groups.some((group) => group === name);
}

/**
 * @param args arguments after the script's name
 * @returns the options, or null if help was asked for
 * @throws {UsageError}
 */
export function parseTestOptions(args: string[]): TestOptions | null {
  let parsed: { values: { only?: string; grep?: string; help?: boolean }; positionals: string[] };
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { only: { type: 'string' }, grep: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${usage}`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) return null;
  if (values.only !== undefined && !isGroup(values.only))
    throw new UsageError(`--only takes ${groups.join(', ')}; not ${values.only}.`);
  const narrowed = values.grep !== undefined || positionals.length > 0;
  return {
    // Names and paths select tests: the checks of the whole project would only be in the way then.
    groups: values.only !== undefined ? [values.only] : narrowed ? ['unit', 'integration'] : groups,
    grep: values.grep === undefined ? null : pattern(values.grep),
    paths: positionals,
  };
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new UsageError(`--grep ${source}: ${messageOf(error)}`);
  }
}
