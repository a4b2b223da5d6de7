/**
 * The dashboard with a stored run of ten thousand candidates, in a software-rendered Chromium: how long after the data the first
 * picture is there, how many frames a second moving about makes in each view, and whether memory grows under a stream of
 * events. The browser makes 60 frames a second at most; beside times of the clock stands the processor time of the page's main
 * thread, which a busy machine hardly changes.
 */
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { SyntheticEvents, syntheticRun } from '../test/support/syntheticRun.ts';
import { closeBrowser, openPanel } from '../test/webview/panelPage.ts';
import { installMeter } from './webviews/meter.ts';

export const description = 'dashboard: first paint, frames a second, memory [--candidates 10000 --minutes 2]';

const views = [
  { tab: 'score', plot: 'aira-population-plane' },
  { tab: 'lineage', plot: 'aira-population-plane' },
  { tab: 'slots', plot: 'aira-gantt-plane' },
  { tab: 'validation', plot: 'aira-agreement-plane' },
] as const;

const size = { width: 1400, height: 900 };

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: {
      candidates: { type: 'string', default: '10000' },
      minutes: { type: 'string', default: '2' },
      frames: { type: 'string', default: '120' },
    },
  });
  const [candidates, frames] = [Number(values.candidates), Number(values.frames)];
  try {
    const measured: Record<string, unknown> = {};
    for (const { tab, plot } of views) measured[tab] = await measureView(tab, plot, candidates, frames);
    const memory = await underEvents(candidates, Number(values.minutes));
    return { bar: { firstPaintMs: 500, framesPerSecond: 30, growth: 0 }, candidates, ...measured, memory };
  } finally {
    await closeBrowser();
  }
}

async function measureView(tab: string, plot: string, candidates: number, frames: number) {
  await using panel = await openPanel('dashboard', size);
  const { page } = panel;
  await page.evaluate(installMeter);
  const reset = syntheticRun({ candidates, priced: true, unsealed: tab === 'validation' });
  await showAtFirst(page, reset.summary.id, tab);
  const message = await page.evaluateHandle((sent) => sent, reset);
  const paint = await withCpu(page, () =>
    page.evaluate(([name, data]) => window.meter.firstPaint(name, data), [plot, message] as const),
  );
  const rates: Record<string, unknown> = {};
  for (const act of ['zoom', 'pan', 'hover'] as const) {
    const { result, cpuMs } = await withCpu(page, () =>
      page.evaluate(([name, what, count]) => window.meter.frames(name, what, count), [plot, act, frames] as const),
    );
    const sorted = result.toSorted((a, b) => a - b);
    rates[act] = {
      framesPerSecond: rounded((1000 * result.length) / result.reduce((sum, ms) => sum + ms, 0)),
      slowestTwentiethMs: rounded(sorted[Math.floor(sorted.length * 0.95)] ?? 0),
      cpuMsPerFrame: rounded(cpuMs / result.length),
    };
  }
  if (panel.errors.length > 0) throw new Error(panel.errors.join('; '));
  return { firstPaint: { ms: rounded(paint.result), cpuMs: rounded(paint.cpuMs) }, ...rates };
}

/** A hundred events a second in ten batches, most of them of candidates that are there, with the lineage in view. */
async function underEvents(candidates: number, minutes: number) {
  await using panel = await openPanel('dashboard', size);
  const { page } = panel;
  const reset = syntheticRun({ candidates, priced: true });
  const events = new SyntheticEvents(reset);
  await showAtFirst(page, reset.summary.id, 'lineage');
  await panel.send(reset);
  await page.locator('aira-population-plane').waitFor();
  const devtools = await page.context().newCDPSession(page);
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const samples: { second: number; heapMb: number; elements: number }[] = [];
  const began = performance.now();
  let sent = 0;
  const { cpuMs } = await withCpu(page, async () => {
    for (let batch = 0; batch < minutes * 600; batch += 1) {
      await panel.send({ type: 'events', events: events.take(10, 100) });
      sent += 10;
      if (batch % 150 === 0) {
        const elements = (await devtools.send('Memory.getDOMCounters')).nodes;
        samples.push({
          second: Math.round((performance.now() - began) / 1000),
          heapMb: rounded(await heap()),
          elements,
        });
      }
      await page.waitForTimeout(Math.max(0, began + (batch + 1) * 100 - performance.now()));
    }
  });
  const seconds = (performance.now() - began) / 1000;
  const added = events.candidates;
  // The first sample stands before the first drawing after events, so growth counts from the second.
  const growthMb = (samples.at(-1)?.heapMb ?? 0) - (samples[1]?.heapMb ?? 0);
  if (panel.errors.length > 0) throw new Error(panel.errors.join('; '));
  return {
    events: sent,
    eventsPerSecond: rounded(sent / seconds),
    candidatesAdded: added,
    growthMb: rounded(growthMb),
    cpuShare: rounded(cpuMs / 1000 / seconds),
    samples,
  };
}

/** As if the panel had shown this view when it was hidden. */
async function showAtFirst(page: Page, run: string, tab: string): Promise<void> {
  await page.evaluate(
    (state) => {
      window.kept = state;
    },
    { kind: 'dashboard', run, tab },
  );
}

/** What the page's main thread computed meanwhile, in milliseconds. */
async function withCpu<Result>(page: Page, work: () => Promise<Result>): Promise<{ result: Result; cpuMs: number }> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  };
  const before = await busy();
  const result = await work();
  const cpuMs = (await busy()) - before;
  await devtools.detach();
  return { result, cpuMs };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
