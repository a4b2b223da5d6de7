/** Names a provider's quota, so that all agents who draw on it can share one governor. The key cannot be told from the name. */
import { createHmac, randomBytes } from 'node:crypto';

/** Of this process only: a name means nothing outside of it. */
const salt = randomBytes(32);

export function quotaName(modelId: string, key: string | null): string {
  return `${modelId}#${createHmac('sha256', salt)
    .update(key ?? '')
    .digest('hex')
    .slice(0, 12)}`;
}
