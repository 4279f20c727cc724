import { isRoot } from '../../workflow/analysis/expression-scope.ts';
import { locator } from '../../workflow/analysis/scalar-source.ts';
import { parseExpression } from '../../workflow/expression.ts';
import type { Adviser } from './advice.ts';
import { message } from '../../wording/message.ts';

/** An expression behind a dollar sign of its own: what its author probably wanted as a price is the escape for braces. */
const escaped = /\$\$\{\{([^{}]*)\}\}/g;

export const escapedExpression: Adviser = ({ workflows }, say) => {
  for (const { path, text, steps } of workflows) {
    for (const { sites } of steps.values()) {
      for (const { node, place } of sites) {
        if (typeof node.value !== 'string' || !node.value.includes('$${{')) continue;
        for (const { index, 0: whole, 1: source = '' } of node.value.matchAll(escaped)) {
          const parsed = parseExpression(source.trim());
          const isKnown = parsed.ok && parsed.expression.references.some(({ path: [root = ''] }) => isRoot(root) || root === place.item);
          if (!isKnown) continue;
          const range = locator(text, node)({ start: index, end: index + whole.length });
          say(path, range, message("'{escape}' stands for the characters '{opening}', so the text says {written} as it is written here, without its value. For a dollar sign and the value, write {code}.", { escape: '$${{', opening: '${{', written: `\${{${source}}}`, code: `\${{ '$' }}\${{${source}}}` }));
        }
      }
    }
  }
};
