/** An operator's context for tests: a small regression task and a first draft. */
import type { OperatorContext } from '../../server/models/operatorContext.ts';

export function draftContext(change: Partial<OperatorContext> = {}): OperatorContext {
  return {
    operator: 'draft',
    task: {
      id: 'toy',
      title: 'Toy regression',
      modality: 'tabular',
      description: 'Predict y from x.',
      warnings: [],
      dataCard: '| column | type |\n| --- | --- |\n| x | float |',
      metric: { name: 'rmse', direction: 'minimize', optimum: 0 },
      prediction: {
        file: 'predictions.csv',
        format: 'csv',
        align: 'id',
        columns: [
          { name: 'id', role: 'id', dtype: 'string' },
          { name: 'y', role: 'value', dtype: 'float' },
        ],
        max_bytes: 1_000_000,
      },
      target: ['y'],
      horizon: null,
      view: 'pooled',
      run: ['python', 'solution.py'],
    },
    hardware: { cpus: 1, memoryMb: 2000, gpu: null },
    limits: { toolTimeoutS: 120, evaluationTimeoutS: 120, trajectoryS: 600, maxSteps: 20 },
    parents: [],
    lineage: [],
    siblings: [],
    inFlight: [],
    leaders: [],
    draftIndex: 0,
    populationSize: 0,
    guidance: null,
    ...change,
  };
}
