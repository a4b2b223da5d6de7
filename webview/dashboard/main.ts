import { mountPanel } from '../frame/mount.ts';
import { AiraDashboard } from './dashboard.ts';

mountPanel(() => new AiraDashboard(), {
  reset: ['summary', 'title', 'candidates', 'lastSeq', 'pending', 'activeSince', 'references', 'selected'],
  events: ['events'],
  slots: ['slots'],
  select: ['candidate'],
});
