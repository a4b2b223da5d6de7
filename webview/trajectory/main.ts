import type * as z from 'zod';
import type { FromTrajectoryPanel, ToTrajectoryPanel } from '../../protocol/panels.ts';
import { mountPanel } from '../frame/mount.ts';
import { ArTrajectoryPanel } from './panel.ts';

mountPanel<ToTrajectoryPanel, z.infer<typeof FromTrajectoryPanel>>(() => new ArTrajectoryPanel(), {
  link: ['state', 'host'],
  reset: ['run', 'title', 'candidate', 'items', 'total'],
  items: ['items', 'total'],
  candidate: ['candidate'],
  run: ['run'],
  output: ['index', 'offset', 'text', 'bytes', 'nextOffset'],
});
