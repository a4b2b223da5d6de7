/** Small pieces of Python text. Values are quoted here and nowhere else. */
import type { Genes, Member } from '../genome.ts';

/** A string literal; JSON's escapes are Python's too. */
export function text(value: string): string {
  return JSON.stringify(value);
}

/** A list of strings, broken over lines where it would pass 120 columns. `before` is what stands before it on its line. */
export function textList(values: readonly string[], before = ''): string {
  const inline = `[${values.map(text).join(', ')}]`;
  if (before.length + inline.length <= 120) return inline;
  return `[\n${values.map((value) => `    ${text(value)},\n`).join('')}]`;
}

/** A constant: `NAME = ["a", "b"]`. */
export function listConstant(name: string, values: readonly string[]): string {
  return `${name} = ${textList(values, `${name} = `)}`;
}

/** Every line moved right by `spaces`; empty lines stay empty. */
export function indent(block: string, spaces = 4): string {
  return block
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(spaces) + line))
    .join('\n');
}

/** Lines that are there, each on its own; `null` and `false` fall away. */
export function lines(...parts: (string | null | false)[]): string {
  return parts.filter((part) => part !== null && part !== false).join('\n');
}

export function numberGene(genes: Genes, name: string): number {
  const value = genes[name];
  return typeof value === 'number' ? value : 0;
}

export function choiceGene(genes: Genes, name: string): string {
  const value = genes[name];
  return typeof value === 'string' ? value : '';
}

/** Function names of members: `hist_gb`, and `hist_gb_2` for a second of the family. */
export function functionNames(members: readonly Member[]): string[] {
  return members.map((member, index) => {
    const before = members.slice(0, index).filter((other) => other.family === member.family).length;
    const base = member.family.replaceAll('-', '_');
    return before === 0 ? base : `${base}_${before + 1}`;
  });
}

/** Names of members as people see them: `hist-gb`, `hist-gb 2`. */
export function memberLabels(members: readonly Member[]): string[] {
  return functionNames(members).map((name) => name.replace(/_(\d+)$/, ' $1').replaceAll('_', '-'));
}
