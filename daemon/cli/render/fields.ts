import type { View } from '../terminal.ts';
import { indent } from './format.ts';

/** Names and values beneath each other, the values aligned. */
export function renderFields(fields: readonly (readonly [name: string, value: string])[], { style }: View): string {
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  return indent(fields.map(([name, value]) => `${style('dim', name.padEnd(width))}  ${value}`).join('\n'));
}
