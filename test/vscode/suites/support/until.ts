import type { Disposable } from '../../../../extension/base/signal.ts';

/** Something that tells when it has changed: a signal of the extension, or an event of VS Code. */
export type Listen = (listener: () => void) => Disposable;

const limitMs = 120_000;

/**
 * Waits until `look` answers with something that is neither undefined nor false, and answers with that. It looks at once and whenever one of `changes`
 * tells that it should; a test that waits for nothing else can't be too slow or too fast.
 */
export async function until<Value>(what: string, look: () => Promise<Value | undefined | false> | Value | undefined | false, ...changes: readonly Listen[]): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  let looking: Promise<void> = Promise.resolve();
  const lookAgain = (): void => {
    looking = looking.then(async () => {
      const seen = await look();
      if (seen !== undefined && seen !== false) resolve(seen);
    });
    looking.catch(reject);
  };
  const listening = changes.map((listen) => listen(lookAgain));
  const timer = setTimeout(() => reject(new Error(`waited ${limitMs / 1000} s in vain until ${what}`)), limitMs);
  try {
    lookAgain();
    return await promise;
  } finally {
    clearTimeout(timer);
    for (const one of listening) one.dispose();
  }
}
