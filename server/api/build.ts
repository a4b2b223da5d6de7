/** Which code this is: for people, and so that a newer one can offer to take over. */
import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { isBuilt, programEntry, programFile } from '../programFiles.ts';

export interface Build {
  build: string;
  /** Milliseconds since the epoch. Orders builds. */
  buildTime: number;
}

const Stamp = z.object({ version: z.string(), id: z.string(), builtAt: z.number().optional() });
const Manifest = z.object({ version: z.string() });

/** From source: its version, and when that was set. */
export function thisBuild(): Build {
  const read = (file: string): unknown => JSON.parse(readFileSync(programFile(file), 'utf8'));
  if (!isBuilt) {
    const { version } = Manifest.parse(read('package.json'));
    return { build: `${version}+source`, buildTime: writtenAt(programFile('package.json')) };
  }
  const { version, id, builtAt } = Stamp.parse(read('build.json'));
  return { build: `${version}+${id}`, buildTime: builtAt ?? writtenAt(programEntry('aira2')) };
}

const writtenAt = (file: string) => Math.floor(statSync(file).mtimeMs);
