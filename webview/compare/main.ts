import { mountPanel } from '../frame/mount.ts';
import { AiraCompare } from './compare.ts';

mountPanel(() => new AiraCompare(), {
  reset: ['title', 'runs', 'available', 'references'],
  run: ['run'],
});
