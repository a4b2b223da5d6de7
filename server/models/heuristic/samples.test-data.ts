/** Profiles and problems of small made-up tasks, for tests. */
import type { TaskContext } from '../operatorContext.ts';
import type { GenomeModality } from './genome.ts';
import { type Problem, problemOf } from './problem.ts';
import { Profile } from './profile.ts';

const column = (name: string, kind: string, unique = 100, more: object = {}) => ({
  name,
  kind,
  unique,
  missing: 0,
  ...more,
});
const target = (name: string, more: object = {}) => ({
  name,
  numeric: true,
  unique: 500,
  min: 1,
  skew: 2,
  rarest: 0,
  ...more,
});
const common = { trainRows: 500, evalRows: 100, arrays: [], time: null, series: [] };

export const housingProfile = Profile.parse({
  ...common,
  columns: [
    column('area', 'number', 200, { positive: true }),
    column('rooms', 'number', 30, { positive: true }),
    column('town', 'category', 12),
    column('kind', 'category', 4),
    column('notes', 'text', 400, { words: 6 }),
    column('built', 'date', 300),
    column('country', 'constant', 1),
  ],
  targets: [target('price')],
});

export const profiles: Record<GenomeModality, Profile> = {
  tabular: housingProfile,
  image: Profile.parse({
    ...common,
    columns: [],
    targets: [target('digit', { unique: 3, rarest: 0.3 })],
    arrays: [{ name: 'images', shape: [500, 12, 12], dtype: 'uint8' }],
  }),
  text: Profile.parse({
    ...common,
    columns: [column('gloss', 'text', 480, { words: 8 })],
    targets: [target('class', { numeric: false, unique: 3, min: null, rarest: 0.2 })],
  }),
  'time-series': Profile.parse({
    ...common,
    columns: [column('city', 'category', 4), column('year', 'number', 9), column('month', 'number', 12)],
    targets: [target('sales', { min: 0 })],
    time: { style: 'year-month', columns: ['year', 'month'], frequency: 'month', step: 1, season: 12 },
    series: ['city'],
  }),
};

type Value = TaskContext['prediction']['columns'][number];

export function taskOf(
  modality: TaskContext['modality'],
  metric: string,
  direction: 'minimize' | 'maximize',
  targets: string[],
  values: Omit<Value, 'role'>[],
  more: Partial<TaskContext['prediction']> = {},
): TaskContext {
  return {
    id: 'sample',
    title: 'A "sample" task',
    modality,
    description: '',
    warnings: [],
    dataCard: '',
    metric: { name: metric, direction, optimum: null },
    prediction: {
      file: 'predictions.csv',
      format: 'csv',
      align: 'id',
      columns: [
        { name: 'id', role: 'id', dtype: 'string' },
        ...values.map((value) => ({ ...value, role: 'value' as const })),
      ],
      max_bytes: 1_000_000,
      ...more,
    },
    target: targets,
    horizon: modality === 'time-series' ? 6 : null,
    view: modality === 'time-series' ? 'per_split' : 'pooled',
    run: ['python', 'solution.py'],
  };
}

export const tasks: Record<GenomeModality, TaskContext> = {
  tabular: taskOf('tabular', 'RMSLE', 'minimize', ['price'], [{ name: 'price', dtype: 'float', min: 0 }]),
  image: taskOf('image', 'accuracy', 'maximize', ['digit'], [{ name: 'digit', dtype: 'int', levels: [1, 2, 3] }]),
  text: taskOf(
    'text',
    'macro-F1',
    'maximize',
    ['class'],
    [{ name: 'class', dtype: 'string', levels: ['a', 'b', 'c'] }],
  ),
  'time-series': taskOf('time-series', 'MASE', 'minimize', ['sales'], [{ name: 'sales', dtype: 'float', min: 0 }]),
};

export const problems: Record<GenomeModality, Problem> = {
  tabular: problemOf(tasks.tabular, 'tabular'),
  image: problemOf(tasks.image, 'image'),
  text: problemOf(tasks.text, 'text'),
  'time-series': problemOf(tasks['time-series'], 'time-series'),
};
