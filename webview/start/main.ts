import type * as z from 'zod';
import type { FromStartPanel, ToStartPanel } from '../../protocol/panels.ts';
import { mountPanel } from '../frame/mount.ts';
import { ArStartPanel } from './panel.ts';

mountPanel<ToStartPanel, z.infer<typeof FromStartPanel>>(() => new ArStartPanel(), {
  link: ['state', 'host'],
  reset: ['tasks', 'task', 'settings', 'machine', 'offered', 'keys'],
  plan: ['number', 'plan'],
  problem: ['number', 'message'],
  tested: ['report'],
  keys: ['keys'],
  starting: ['message'],
  failed: ['message'],
});
