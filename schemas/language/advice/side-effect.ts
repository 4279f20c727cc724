import type { Step } from '../../workflow/model.ts';
import type { Template } from '../../workflow/template.ts';

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a job of the step changes something at the other side, so that doing it twice is not the same as once. False where nobody can say. */
export function hasSideEffect({ uses, with: input }: Step): boolean {
  switch (uses) {
    case 'email/send':
    case 'webhook/send':
      return true;
    case 'http/request': {
      const method = keyOf(input, 'method');
      return typeof method === 'string' && !harmless.has(method);
    }
    default:
      return false;
  }
}

/** The literal value of a key of `with`. */
function keyOf(input: Template, key: string): unknown {
  if (input.kind === 'map') {
    const found = input.entries.find(([name]) => name === key)?.[1];
    return found?.kind === 'literal' ? found.value : undefined;
  }
  if (input.kind !== 'literal' || typeof input.value !== 'object' || input.value === null) return undefined;
  return (input.value as Readonly<Record<string, unknown>>)[key];
}
