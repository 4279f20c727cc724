import { nodeAt, pathAt } from '../workflow/document.ts';
import type { LanguageFile } from './language-file.ts';

/** Whether an offset stands between the `{ }` or `[ ]` of a collection that is written in a line. */
export function isInFlow({ document: { root }, text }: LanguageFile, offset: number): boolean {
  const path = pathAt(root, offset);
  for (let length = 0; length <= path.length; length += 1) {
    const node = nodeAt(root, path.slice(0, length));
    if (node === undefined || node.kind === 'scalar') continue;
    const { start, end } = node.range;
    const close = text.charAt(start) === '{' ? '}' : text.charAt(start) === '[' ? ']' : undefined;
    if (close !== undefined && start < offset && (offset < end || (offset === end && text.charAt(end - 1) !== close))) return true;
  }
  return false;
}
