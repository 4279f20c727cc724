import { message } from '../../wording/message.ts';
import { isRoot } from '../../workflow/analysis/expression-scope.ts';
import { locator } from '../../workflow/analysis/scalar-source.ts';
import type { TemplateSite } from '../../workflow/analysis/template-reader.ts';
import { type DocumentNode, entryOf } from '../../workflow/document.ts';
import { parseExpression } from '../../workflow/expression/expression.ts';
import type { AdvisedWorkflow, AdviceRule } from './advice.ts';

/** Expressions of other languages: `{{ x }}`, `${ x }`, `%{ x }`. */
const others = /(?<![${])\{\{(?!\{)([^{}]*)\}\}(?!\})|(?<!\$)\$\{(?!\{)([^{}]*)\}|%\{([^{}]*)\}/g;
/** A whole text in which only a blank is too many. In a longer one, the sign may be that of a price. */
const apart = /^\s*(\$\s+\{\{([^{}]*)\}\})\s*$/;

/**
 * Braces that were probably meant as those of an expression. A receiver may have templates with such braces of its own, so it is said only of names that the workflow
 * itself has declared, and of the name of an item in short texts only: `{{ contact.name }}` in the body of a mail is more likely the receiver's.
 */
export const otherBraces: AdviceRule = ({ workflows }, say) => {
  for (const workflow of workflows) {
    const { path, text, steps, sites: outside } = workflow;
    for (const { sites } of [...steps.values(), { sites: outside }]) {
      for (const site of sites) {
        const { value } = site.node;
        if (site.form !== 'template' || typeof value !== 'string') continue;
        for (const { start, whole, source } of found(value)) {
          if (!isKnown(workflow, site, source)) continue;
          const range = locator(text, site.node)({ start, end: start + whole.length });
          say(path, range, message("{written} is sent as it is written here, without its value. An expression is written {code}.", { written: whole, code: `\${{ ${source} }}` }));
        }
      }
    }
  }
};

function* found(value: string): Iterable<{ readonly start: number; readonly whole: string; readonly source: string }> {
  const [, whole, source] = apart.exec(value) ?? [];
  if (whole !== undefined && source !== undefined) {
    yield { start: value.indexOf(whole), whole, source: source.trim() };
    return;
  }
  for (const match of value.matchAll(others)) yield { start: match.index, whole: match[0], source: (match[1] ?? match[2] ?? match[3] ?? '').trim() };
}

/** Whether it is an expression that has a value at this place. */
function isKnown({ root, steps }: AdvisedWorkflow, { node, place }: TemplateSite, source: string): boolean {
  const parsed = parseExpression(source);
  if (!parsed.ok || parsed.expression.references.length === 0) return false;
  const isShort = !String(node.value).includes('\n');
  return parsed.expression.references.every(({ path: [name = '', field] }) => {
    if (name === place.item) return isShort;
    if (!isRoot(name) || typeof field !== 'string' || place.roots?.every((known) => known !== name) === true) return false;
    switch (name) {
      case 'inputs':
      case 'vars':
        return hasKey(root, name, field);
      case 'steps':
        return steps.has(field);
      default:
        return true;
    }
  });
}

function hasKey(root: DocumentNode | undefined, map: string, key: string): boolean {
  return root !== undefined && entryOf(entryOf(root, map)?.value, key) !== undefined;
}
