import path from 'node:path';

/** The repository's. */
export const root = path.resolve(import.meta.dirname, '../../..');
