import type { Target } from '../target.ts';

/** A link that runs a command, as VS Code reads it in trusted Markdown. `label` is Markdown already. */
export function commandLink(label: string, command: string, target?: Target): string {
  // Parentheses would end the link; `encodeURIComponent` leaves them alone.
  const query = target === undefined ? '' : `?${encodeURIComponent(JSON.stringify([target])).replace(/[()]/g, (sign) => (sign === '(' ? '%28' : '%29'))}`;
  return `[${label}](command:${command}${query})`;
}
