/**
 * Reads a task manifest. A person writes it by hand, so every mistake in it is told with file, line, key and fix, and all
 * of them at once.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import * as path from 'node:path';
import { Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import * as z from 'zod';
import { TaskManifest } from '../../protocol/task.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { ManifestError, type ManifestProblem, TaskError } from './errors.ts';
import { checkRules } from './manifestRules.ts';
import { nearest } from './nearest.ts';

export const manifestFileName = 'task.yaml';
const maxManifestBytes = 1024 * 1024;
/** How many nodes aliases may stand for in all: a few lines of them can otherwise stand for billions. */
const maxAliased = 100;
/** One mistake in YAML may bring thousands after it. */
const maxYamlErrors = 20;

/** A manifest and the folder that its relative paths start from. */
export interface LoadedManifest {
  manifest: TaskManifest;
  /** Absolute path of the manifest. */
  file: string;
  directory: string;
}

/**
 * Loads and checks `aira.task/1`.
 * @throws ManifestError with every problem; TaskError if the file cannot be read.
 */
export function loadManifest(file: string): LoadedManifest {
  const absolute = path.resolve(file);
  return { manifest: parseManifest(readText(absolute), absolute), file: absolute, directory: path.dirname(absolute) };
}

/** Checks the text of a manifest; `file` is what messages call it, and where `description` is looked for. */
export function parseManifest(text: string, file: string): TaskManifest {
  const lines = new LineCounter();
  const document = documentOf(text, lines, file);
  const place = new Place(document, lines);
  if (document.errors.length > 0) {
    throw new ManifestError(
      file,
      document.errors.slice(0, maxYamlErrors).map((error) => ({
        ...place.at(error.pos[0]),
        key: '',
        message: `not valid YAML: ${error.message}`,
        fix: 'correct the YAML here; strings with `:` or `#` need quotes, and indentation is by spaces',
      })),
    );
  }
  if (!isMap(document.contents)) {
    throw new ManifestError(file, [
      {
        line: 1,
        column: 1,
        key: '',
        message: 'not a mapping of keys',
        fix: 'start the file with `schema: aira.task/1`',
      },
    ]);
  }
  const plain = plainValue(document, file);
  const parsed = TaskManifest.safeParse(plain);
  const problems = parsed.success
    ? checkRules(parsed.data, path.dirname(file)).map((rule) => ({ ...place.of(rule.path), ...withoutPath(rule) }))
    : // Places are those of the text; values are looked up where aliases are written out.
      parsed.error.issues.flatMap((issue) => problemsOf(issue, [], new Document(plain), place));
  if (problems.length > 0 || !parsed.success) {
    throw new ManifestError(
      file,
      problems.sort((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  return parsed.data;
}

function documentOf(text: string, lines: LineCounter, file: string): Document {
  try {
    // What it would warn of on standard error is refused in our own words where it matters.
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, logLevel: 'error' });
  } catch (error) {
    throw unreadable(file, error, 'nest it less deep');
  }
}

function plainValue(document: Document, file: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: maxAliased });
    // Fails where an alias stands for what it is a part of.
    JSON.stringify(value);
    return value;
  } catch (error) {
    throw unreadable(file, error, 'write values out instead of using aliases (`*name`)');
  }
}

function unreadable(file: string, error: unknown, fix: string): ManifestError {
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new ManifestError(file, [{ line: 1, column: 1, key: '', message: `cannot be read as YAML: ${reason}`, fix }]);
}

function withoutPath(rule: {
  path: PropertyKey[];
  message: string;
  fix: string;
}): Omit<ManifestProblem, 'line' | 'column'> {
  return { key: dotted(rule.path), message: rule.message, fix: rule.fix };
}

function readText(file: string): string {
  try {
    // Opening a pipe would otherwise wait for somebody who writes into it.
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(opened).isFile()) throw new TaskError(`${file} is not a regular file: not a manifest`);
      return boundedText(opened, file);
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (error instanceof TaskError) throw error;
    const reason = messageOf(error);
    throw new TaskError(`The manifest ${file} cannot be read: ${reason}`, { cause: error });
  }
}

/** What is read is bounded, whatever the file's size was said to be. */
function boundedText(opened: number, file: string): string {
  const content = Buffer.alloc(maxManifestBytes + 1);
  let length = 0;
  while (length < content.length) {
    const read = readSync(opened, content, length, content.length - length, null);
    if (read === 0) return content.toString('utf8', 0, length);
    length += read;
  }
  throw new TaskError(`${file} is larger than 1 MiB: not a manifest`);
}

/** Finds lines and columns of keys and values. */
class Place {
  readonly document: Document;
  readonly lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.document = document;
    this.lines = lines;
  }

  at(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Where the key of `keys` stands, or the nearest of its ancestors that is in the file. */
  of(keys: PropertyKey[]): { line: number; column: number } {
    for (let length = keys.length; length > 0; length--) {
      const parent = length === 1 ? this.document.contents : this.document.getIn(keys.slice(0, length - 1), true);
      const last = keys[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
        if (pair && isScalar(pair.key) && pair.key.range) return this.at(pair.key.range[0]);
      }
      const node = this.document.getIn(keys.slice(0, length), true) as Node | undefined;
      if (node?.range) return this.at(node.range[0]);
    }
    return { line: 1, column: 1 };
  }
}

function dotted(keys: PropertyKey[]): string {
  return keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  );
}

/** zod's issues in the words of somebody who edits the file. */
function problemsOf(
  issue: z.core.$ZodIssue,
  above: PropertyKey[],
  document: Document,
  place: Place,
): ManifestProblem[] {
  const keys = [...above, ...issue.path];
  const make = (where: PropertyKey[], message: string, fix: string): ManifestProblem => ({
    ...place.of(where),
    key: dotted(where),
    message,
    fix,
  });
  const value = keys.length === 0 ? undefined : document.getIn(keys);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const known = keysOfSchemaAt(keys, document);
        const [near] = nearest(key, known, 1);
        const fix =
          near === undefined ? `remove it; known keys here: ${known.join(', ')}` : `did you mean \`${near}\`?`;
        return make([...keys, key], 'unknown key', fix);
      });
    case 'invalid_value': {
      if (value === undefined) return [make(keys, 'missing', `add it, one of: ${issue.values.join(', ')}`)];
      const choices = issue.values.map(String);
      const [near] = nearest(String(value), choices, 1);
      const hint = near === undefined || choices.length === 1 ? '' : ` (did you mean ${near}?)`;
      return [make(keys, `${JSON.stringify(value)} is not allowed`, `use ${listed(choices)}${hint}`)];
    }
    case 'invalid_type':
      if (value === undefined) return [make(keys, 'missing', `add it (${article(issue.expected)})`)];
      return [
        make(
          keys,
          `${shown(value)} is not ${article(issue.expected)}`,
          issue.expected === 'string' && typeof value !== 'object'
            ? 'put it in quotes'
            : `write ${article(issue.expected)}`,
        ),
      ];
    case 'invalid_union': {
      // The branch that gets furthest is the one that was meant: its own complaints say more than "no branch matches".
      const branches = issue.errors.filter((branch) =>
        branch.some((inner) => inner.code !== 'invalid_type' || inner.path.length > 0),
      );
      const [meant] = branches.sort((a, b) => a.length - b.length);
      if (meant !== undefined && isMap(keys.length === 0 ? document.contents : document.getIn(keys, true))) {
        return meant.flatMap((inner) => problemsOf(inner, keys, document, place));
      }
      const choices = issue.errors.map(([inner]) => (inner === undefined ? '' : expectation(inner)));
      const fix = `write ${choices.join(', or ')}`;
      return [make(keys, value === undefined ? 'missing' : `${shown(value)} does not fit`, fix)];
    }
    case 'too_small':
      return [
        make(
          keys,
          `${shown(value)} is too small`,
          `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`,
        ),
      ];
    case 'too_big':
      return [
        make(
          keys,
          `${shown(value)} is too large`,
          `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`,
        ),
      ];
    default:
      return [make(keys, `${shown(value)} does not fit`, issue.message)];
  }
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return listed(issue.values.map((choice) => `\`${String(choice)}\``));
  return issue.code === 'invalid_type' ? article(issue.expected) : issue.message;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function listed(choices: string[]): string {
  return choices.length < 2 ? (choices[0] ?? '') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

const typeNames: Record<string, string> = {
  object: 'a mapping of keys',
  array: 'a list',
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  tuple: 'a list',
};

function article(expected: string): string {
  return typeNames[expected] ?? `a ${expected}`;
}

/** The keys the schema knows at a path: unwraps defaults, optionals, arrays and unions on the way down. */
function keysOfSchemaAt(keys: PropertyKey[], document: Document): string[] {
  let schemas: z.core.$ZodType[] = [TaskManifest];
  for (const key of keys) {
    schemas = schemas.flatMap(unwrapped).flatMap((schema) => {
      if (schema instanceof z.ZodObject) {
        const next = schema.shape[String(key)];
        return next === undefined ? [] : [next];
      }
      return schema instanceof z.ZodArray ? [schema.element] : [];
    });
  }
  const present = new Set(Object.keys(Object(keys.length === 0 ? document.toJS() : toPlain(document.getIn(keys)))));
  const known = schemas
    .flatMap(unwrapped)
    .flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
  return [...new Set(known)].filter((key) => !present.has(key));
}

function toPlain(value: unknown): unknown {
  return isMap(value) ? value.toJSON() : value;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap());
  }
  return schema instanceof z.ZodUnion ? schema.options.flatMap(unwrapped) : [schema];
}
