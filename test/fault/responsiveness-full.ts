/** How quick calls are while 50,000 items become jobs: `node test/fault/responsiveness-full.ts`. */
import { responsivenessTest } from './responsiveness.ts';

console.log(await responsivenessTest({ items: 50_000 }));
