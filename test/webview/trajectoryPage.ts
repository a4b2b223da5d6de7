/** A trajectory in a browser, and where its feed stands. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import { type OpenPanel, openPanel, type PanelOptions } from './panelPage.ts';
import { sampleCandidate, sampleRun } from './sampleRun.ts';

/** @param options.first how many of the events come with the `reset` */
export async function openTrajectory(
  items: readonly TrajectoryItem[],
  {
    candidate = sampleCandidate(),
    first = items.length,
    ...options
  }: PanelOptions & { candidate?: object; first?: number } = {},
): Promise<OpenPanel> {
  const panel = await openPanel('trajectory', options);
  await panel.send({
    type: 'reset',
    run: sampleRun(),
    title: 'Damage by wildlife strikes on aircraft',
    candidate,
    items: items.slice(0, first),
    total: items.length,
  });
  await panel.page.locator('article').first().waitFor();
  return panel;
}

/** Where the feed stands: distance from its end, what it shows first, and how many rows are in the document. */
export function feedState(panel: OpenPanel) {
  return panel.page.locator('ar-trajectory-feed .scroller').evaluate((scroller) => ({
    top: scroller.scrollTop,
    fromEnd: scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop,
    articles: scroller.querySelectorAll('article').length,
    nodes: scroller.querySelectorAll('*').length,
  }));
}
