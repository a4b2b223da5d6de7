/** A dashboard in a browser, and where its candidates are on the screen. */
import type { ToDashboardPanel } from '../../protocol/panels.ts';
import type { Candidate } from '../../protocol/run.ts';
import type { AiraPopulationPlane } from '../../webview/dashboard/populationPlane.ts';
import { type SyntheticOptions, syntheticRun } from '../support/syntheticRun.ts';
import { type OpenPanel, openPanel, type PanelOptions, until } from './panelPage.ts';

export type DashboardReset = Extract<ToDashboardPanel, { type: 'reset' }>;

export interface OpenDashboard extends OpenPanel {
  reset: DashboardReset;
  /** Shows another view by its tab. */
  show(tab: string): Promise<void>;
  /** The middle of a candidate's mark, in pixels of the page. */
  placeOf(candidate: number): Promise<{ x: number; y: number }>;
  /** The candidate whose mark is nearest to the middle of the plot. */
  middle(): Promise<number>;
}

/** @param options.change what is to be different in the run before it is sent */
export async function openDashboard({
  run = { candidates: 60, running: 3, priced: true },
  change = () => undefined,
  ...options
}: PanelOptions & { run?: SyntheticOptions; change?: (reset: DashboardReset) => void } = {}): Promise<OpenDashboard> {
  const panel = await openPanel('dashboard', { width: 1200, height: 800, ...options });
  const reset = syntheticRun(run);
  change(reset);
  await panel.send(reset);
  await panel.page.getByRole('heading', { level: 1 }).waitFor();
  const plot = panel.page.locator('aira-population-plane');
  return {
    ...panel,
    [Symbol.asyncDispose]: panel[Symbol.asyncDispose],
    reset,
    show: (tab) => panel.page.getByRole('tab', { name: tab, exact: true }).click(),
    middle: () =>
      drawn('any candidate', () =>
        plot.evaluate((element) => {
          const { scene } = element as AiraPopulationPlane;
          if (scene === null) return null;
          const { cloud, across, domain } = scene;
          const off = (value: number, { from, to }: { from: number; to: number }) => (value - from) / (to - from) - 0.5;
          let [found, least] = [0, Number.POSITIVE_INFINITY];
          for (let i = 0; i < cloud.count; i += 1) {
            const distance = Math.hypot(off(cloud.x[i] ?? 0, across), off(cloud.y[i] ?? Number.NaN, domain));
            if (distance < least) [found, least] = [cloud.id[i] ?? 0, distance];
          }
          return found;
        }),
      ),
    placeOf: (candidate) =>
      drawn(`candidate ${candidate}`, () =>
        plot.evaluate((element, id) => {
          const plane = element as AiraPopulationPlane;
          const { scene } = plane;
          const index = scene?.cloud.indexOf.get(id);
          if (scene === null || index === undefined) return null;
          const [area, domains] = [plane.area(), plane.domains()];
          const { left, top } = plane.getBoundingClientRect();
          const share = (value: number, { from, to }: { from: number; to: number }) => (value - from) / (to - from);
          const y = scene.cloud.y[index] ?? Number.NaN;
          return {
            x: left + area.left + area.width * share(scene.cloud.x[index] ?? 0, domains.x),
            y: top + area.top + area.height * (1 - share(y, scene.domain)),
          };
        }, candidate),
      ),
  };
}

/** What `look` finds once it is drawn, a moment after the panel has been told of it. */
async function drawn<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const found = await until(look, (place) => place !== null, `${what} is drawn`);
  if (found === null) throw new Error(`${what} is not drawn`);
  return found;
}

/** How many pixels of a canvas have about this colour. */
export function pixelsOf(
  panel: OpenPanel,
  canvas: string,
  color: [red: number, green: number, blue: number],
): Promise<number> {
  return panel.page
    .locator(canvas)
    .first()
    .evaluate((element, [red, green, blue]) => {
      if (!(element instanceof HTMLCanvasElement)) throw new Error('not a canvas');
      const ink = element.getContext('2d');
      if (ink === null) throw new Error('no ink');
      const { data } = ink.getImageData(0, 0, element.width, element.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4)
        if (
          Math.abs((data[i] ?? 0) - red) < 12 &&
          Math.abs((data[i + 1] ?? 0) - green) < 12 &&
          Math.abs((data[i + 2] ?? 0) - blue) < 12 &&
          (data[i + 3] ?? 0) > 200
        )
          count += 1;
      return count;
    }, color);
}

export function bestOf({ candidates }: DashboardReset): Candidate {
  const [best] = candidates
    .filter(({ search }) => search !== null)
    .sort((a, b) => (a.search?.value ?? 0) - (b.search?.value ?? 0));
  if (best === undefined) throw new Error('a run without scores');
  return best;
}
