/** What a look at the data tells: columns and their kinds, arrays, time and series. Made by `fragments/profile.py` in the sandbox. */
import * as z from 'zod';

const Column = z.object({
  name: z.string(),
  kind: z.enum(['number', 'category', 'date', 'text', 'constant']),
  unique: z.number(),
  /** Share of rows without a value. */
  missing: z.number(),
  /** Numbers only: all present values are above 0, and how lopsided they are. */
  positive: z.boolean().default(false),
  skew: z.number().default(0),
  words: z.number().default(0),
});
export type Column = z.infer<typeof Column>;

export const Profile = z.object({
  trainRows: z.number(),
  evalRows: z.number(),
  /** Columns that the inputs have too, the id left out. */
  columns: z.array(Column),
  targets: z.array(
    z.object({
      name: z.string(),
      numeric: z.boolean(),
      unique: z.number(),
      min: z.number().nullable(),
      skew: z.number(),
      /** Smallest share of a class; 0 where there are too many values to be classes. */
      rarest: z.number(),
    }),
  ),
  arrays: z.array(z.object({ name: z.string(), shape: z.array(z.number()), dtype: z.string() })),
  /** Set where the rows are points in time. */
  time: z
    .object({
      style: z.enum(['date', 'year-month', 'number']),
      columns: z.array(z.string()),
      frequency: z.enum(['year', 'quarter', 'month', 'week', 'day', 'hour', 'step']),
      /** Difference between neighbouring periods, for style `number`. */
      step: z.number(),
      season: z.number(),
    })
    .nullable(),
  series: z.array(z.string()),
});
export type Profile = z.infer<typeof Profile>;

/** Columns of a kind, in the order of the data. */
export function columnsOf(profile: Profile, ...kinds: Column['kind'][]): string[] {
  return profile.columns.filter((column) => kinds.includes(column.kind)).map((column) => column.name);
}

/** Numeric columns whose ratios and products can mean something: positive, many values; at most six. */
export function ratioColumns(profile: Profile): string[] {
  return profile.columns
    .filter((column) => column.kind === 'number' && column.positive && column.unique > 20)
    .map((column) => column.name)
    .slice(0, 6);
}

/** Categories with few enough values that their pairs are categories too; at most four. */
export function crossColumns(profile: Profile): string[] {
  return profile.columns
    .filter((column) => column.kind === 'category' && column.unique <= 40)
    .map((column) => column.name)
    .slice(0, 4);
}
