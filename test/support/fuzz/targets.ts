/** What is fuzzed, by name. */
import { frames } from './frames.ts';
import type { FuzzTarget } from './fuzz.ts';
import { manifests } from './manifests.ts';
import { modelAnswers } from './modelAnswers.ts';
import { predictions } from './predictions.ts';

export const targets: Readonly<Record<string, FuzzTarget>> = { frames, manifests, modelAnswers, predictions };
