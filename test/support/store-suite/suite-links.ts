import { linkHasher } from '../../../daemon/secrets/signal-link.ts';

/** What the stores of the suite make links with. */
export const suiteLinkKey = '5a'.repeat(32);

export const suiteLinkHash = linkHasher(suiteLinkKey);
