import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

let library: string | undefined;

/** The source of the JSONata library, which runs in a script's realm. Beside this module in `dist/`. */
export function jsonataLibrary(): string {
  if (library !== undefined) return library;
  const beside = fileURLToPath(new URL('./jsonata.min.js', import.meta.url));
  return (library = readFileSync(existsSync(beside) ? beside : createRequire(import.meta.url).resolve('jsonata/jsonata.min.js'), 'utf8'));
}

/**
 * An expression as a script: `jsonata` is a name of the realm by then. An error of the library has a place in the expression, which becomes a line of the script's stack; one of the
 * engine, such as that of its memory, goes on as it is.
 */
export function jsonataModule(expression: string): string {
  return `const source = ${JSON.stringify(expression)};
export default async ({ data }) => {
  try {
    const compiled = jsonata(source);
    compiled.registerFunction('eval', () => { throw { message: '$eval is not there: text of the data is never run' }; });
    const value = await compiled.evaluate(data);
    if (typeof value === 'function' || (value && value._jsonata_function) || (value && value._jsonata_lambda)) throw { message: 'the result is a function, and has to be a value' };
    return value === undefined ? null : value;
  } catch (error) {
    if (error instanceof Error) throw error;
    const line = typeof error.position === 'number' ? source.slice(0, error.position).split('\\n').length : undefined;
    throw { name: '', message: String(error.message), stack: line === undefined ? '' : 'script:' + line };
  }
};`;
}
