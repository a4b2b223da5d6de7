export { createHeuristicModel } from './heuristicModel.ts';
