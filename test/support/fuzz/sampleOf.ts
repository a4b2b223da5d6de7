/** Values that fit a schema, made from its JSON Schema: what a well-behaved peer might send. */
import * as z from 'zod';
import type { SeededRandom } from '../seededRandom.ts';

interface Node {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Node[];
  oneOf?: Node[];
  allOf?: Node[];
  properties?: Record<string, Node>;
  required?: string[];
  additionalProperties?: Node | boolean;
  items?: Node | boolean;
  prefixItems?: Node[];
  minItems?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  $ref?: string;
  $defs?: Record<string, Node>;
}

/** Names, paths and texts as they occur. */
const words = [
  'a',
  'bash',
  'c1',
  'c1-1-0',
  'solution.py',
  '/workspace',
  'echo a',
  '',
  'print(1)',
  'bGluZQ==',
  'linear',
];

/** @returns a function that makes one value after the other */
export function samplerOf(schema: z.ZodType): (random: SeededRandom) => unknown {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  return (random) => sample(root, root, random, 0);
}

function sample(node: Node, root: Node, random: SeededRandom, depth: number): unknown {
  if (node.$ref !== undefined) {
    const target = root.$defs?.[node.$ref.split('/').at(-1) ?? ''];
    return target === undefined ? null : sample(target, root, random, depth + 1);
  }
  if ('const' in node) return node.const;
  if (node.enum !== undefined) return random.pick(node.enum);
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) return sample(random.pick(choices), root, random, depth);
  if (node.allOf?.[0] !== undefined) return sample(node.allOf[0], root, random, depth);
  const type = Array.isArray(node.type) ? random.pick(node.type) : node.type;
  switch (type) {
    case 'object':
      return sampleObject(node, root, random, depth);
    case 'array': {
      if (node.prefixItems !== undefined) return node.prefixItems.map((item) => sample(item, root, random, depth + 1));
      const { items } = node;
      const count = Math.max(node.minItems ?? 0, random.between(0, depth > 4 ? 1 : 3));
      if (typeof items !== 'object') return [];
      return Array.from({ length: count }, () => sample(items, root, random, depth + 1));
    }
    case 'string':
      return random.pick(words);
    case 'integer':
    case 'number': {
      const low = Math.max(node.minimum ?? node.exclusiveMinimum ?? 0, -10);
      return random.between(Math.ceil(low), Math.min(Math.max(low, node.maximum ?? 1000), low + 1000));
    }
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    default:
      return random.pick([null, 1, 'a', {}, []]);
  }
}

function sampleObject(node: Node, root: Node, random: SeededRandom, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(node.properties ?? {}))
    if (node.required?.includes(key) || random.chance(0.5)) result[key] = sample(inner, root, random, depth + 1);
  const extra = node.additionalProperties;
  if (typeof extra === 'object')
    for (const key of ['A', 'B']) if (random.chance(0.5)) result[key] = sample(extra, root, random, depth + 1);
  return result;
}
