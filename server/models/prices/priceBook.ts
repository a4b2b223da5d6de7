/** The price of a model: what `<home>/prices.json` says, else the table that comes with the program, else none. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Price } from '../../../protocol/cost.ts';
import { hasCode, messageOf } from '../../../protocol/thrown.ts';
import type { ModelInfo } from '../chatModel.ts';
import { type PriceEntry, priceTable } from './table.ts';

const rate = z.number().nonnegative();
const Rates = z.strictObject({
  input: rate,
  /** Default: as `input`. */
  cachedInput: rate.optional(),
  output: rate,
});

/**
 * `{"prices": {"openai:qwen3-coder@http://localhost:8000/v1": {"input": 0, "output": 0}}}`: US dollars per million tokens. A `*`
 * in a name stands for anything; the first name that fits holds.
 */
export const PriceFile = z.strictObject({
  prices: z.record(
    z.string().min(1),
    Rates.extend({
      /** Rates of prompts longer than that, in rising order. */
      above: z.array(Rates.extend({ promptTokens: z.int().positive() })).optional(),
      source: z.string().optional(),
      asOf: z.string().optional(),
    }),
  ),
});
export type PriceFile = z.infer<typeof PriceFile>;

export const priceFilePath = (home: string) => join(home, 'prices.json');

/** `prices.json` is not what it should be. */
export class PriceFileError extends Error {
  override readonly name = 'PriceFileError';
  readonly path: string;
  constructor(path: string, problem: string) {
    super(
      `${path}: ${problem}. It should look like {"prices": {"openai:<name>@<url>": {"input": 0.5, "output": 2}}}, in US dollars per million tokens.`,
    );
    this.path = path;
  }
}

const free: Price = {
  tiers: [{ abovePromptTokens: 0, input: 0, cachedInput: 0, output: 0 }],
  source: 'runs on this machine',
  asOf: '',
};

export class PriceBook {
  readonly #own: PriceFile['prices'];
  readonly #table: readonly PriceEntry[];

  constructor(own: PriceFile['prices'] = {}, table: readonly PriceEntry[] = priceTable) {
    this.#own = own;
    this.#table = table;
  }

  /** Models that `prices.json` names. */
  get ownNames(): string[] {
    return Object.keys(this.#own);
  }

  /** @throws {PriceFileError} if there is a `prices.json` that cannot be read as one */
  static async load(home: string): Promise<PriceBook> {
    const path = priceFilePath(home);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return new PriceBook();
      throw error;
    }
    return new PriceBook(parsed(path, text).prices);
  }

  /**
   * @param today YYYY-MM-DD
   * @returns null for a model without a known price: unpriced, not free
   */
  priceOf(
    { id, isLanguageModel }: Pick<ModelInfo, 'id' | 'isLanguageModel'>,
    today = isoDay(new Date()),
  ): Price | null {
    if (!isLanguageModel) return free;
    for (const [name, rates] of Object.entries(this.#own)) if (fits(name, id)) return ownPrice(rates);
    const entry = this.#table.find(
      ({ models, until }) => models.includes(id) && (until === undefined || today <= until),
    );
    return entry === undefined ? null : { tiers: entry.tiers, source: entry.source, asOf: entry.asOf };
  }
}

function parsed(path: string, text: string): PriceFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PriceFileError(path, `not JSON (${messageOf(error)})`);
  }
  const file = PriceFile.safeParse(value);
  if (file.success) return file.data;
  const issue = file.error.issues[0];
  throw new PriceFileError(path, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function ownPrice({
  input,
  cachedInput = input,
  output,
  above = [],
  source,
  asOf,
}: PriceFile['prices'][string]): Price {
  const tiers = [{ abovePromptTokens: 0, input, cachedInput, output }];
  for (const tier of above)
    tiers.push({
      abovePromptTokens: tier.promptTokens,
      input: tier.input,
      cachedInput: tier.cachedInput ?? tier.input,
      output: tier.output,
    });
  tiers.sort((a, b) => a.abovePromptTokens - b.abovePromptTokens);
  return { tiers, source: source ?? 'prices.json', asOf: asOf ?? '' };
}

function fits(pattern: string, id: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(id);
}

const isoDay = (date: Date) => date.toISOString().slice(0, 10);
