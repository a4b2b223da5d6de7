/** Trajectories of any length, made up: reasons, programs and outputs of the lengths that real ones have. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { answer, itemsOf, observed, started } from '../../webview/trajectory/sampleEvents.ts';
import type { PanelMessage } from './panelPage.ts';
import { began } from './sampleRun.ts';

const program = (step: number) => `# step ${step}
import os

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

train = pd.read_csv(os.environ['AIRA_TRAIN_DIR'] + '/train.csv')
model = HistGradientBoostingClassifier(learning_rate=${(0.01 + (step % 10) / 100).toFixed(2)}, max_leaf_nodes=${12 + (step % 40)})
for fold in range(5):
    score = model.fit(train, train.pop('damage')).score(train, None)
    print(f'fold {fold}: {score:.5f}')
`;

const output = (step: number) =>
  `${Array.from({ length: 3 + ((step * 7) % 40) }, (_, line) => `\u001b[32mfold ${line}\u001b[0m: log_loss=0.27${line}${step % 10}`).join('\n')}
[ok · 5.0 s · step ${step}/6000 · 13 min left]`;

/** 2 · `steps` + 2 events. Every 50th step fails; a word stands in the one step that `word` names. */
export function longTrajectory(steps: number, word: { step: number; text: string } | null = null): TrajectoryItem[] {
  const events: TrajectoryEvent[] = [started(began)];
  let at = began;
  for (let step = 1; step <= steps; step++) {
    at += 12_000;
    const code = word?.step === step ? `${program(step)}# ${word.text}\n` : program(step);
    const reason = `Idea: a smaller learning rate, step ${step}.\n\n- leaves: **${step}**\n- the folds agree within \`0.0${step % 10}\``;
    events.push(answer(step, at, { code, reason, tool: step % 3 === 0 ? 'bash' : 'python' }));
    at += 6000;
    events.push(observed(step, at, { text: output(step), outcome: step % 50 === 0 ? 'error' : 'ok' }));
  }
  events.push({ type: 'ended', at: at + 10, step: steps, reason: 'submitted', detail: 'a smaller learning rate' });
  return itemsOf(events);
}

/** An extension host that has this trajectory and answers with pages of it. */
export function hostOf(items: readonly TrajectoryItem[]): (message: PanelMessage) => object[] {
  return ({ type, from, limit }) =>
    type === 'page'
      ? [{ type: 'items', items: items.slice(Number(from), Number(from) + Number(limit)), total: items.length }]
      : [];
}
