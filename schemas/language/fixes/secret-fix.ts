import { maySecretStand } from '../../workflow/analysis/action-input.ts';
import { actionDefinitions } from '../../workflow/actions/action-definitions.ts';
import { entryOf, nodeAt, pathAt, type DocumentPath } from '../../workflow/document.ts';
import { changeHere, type FixContext, type Fixer } from './fix.ts';
import { inQuotes, replaceScalar } from './yaml-edit.ts';
import { message } from '../../wording/message.ts';

/** A secret that is named but not set: nothing in the file is wrong. */
export const unknownSecretFix: Fixer = ({ text, finding: { range } }) => {
  const secret = text.slice(range.start, range.end);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(secret) ? [{ title: message("Set the secret '{secret}'...", { secret }), changes: [], secret, preferred: true, isSafe: false }] : [];
};

/** What looks like a secret goes out of the file, and a reference into its place. */
export const literalSecretFix: Fixer = (context) => {
  const { text, root, finding } = context;
  const path = pathAt(root, finding.range.start);
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || typeof node.value !== 'string' || !canHoldSecret(context, path)) return [];
  const secret = secretNameFor(path);
  const reference = `\${{ secrets.${secret} }}`;
  const { start, end } = node.source;
  const isPlain = node.style === 'plain';
  // In a flow map the braces would be those of a map.
  const change =
    isPlain && isInFlow(text, context, path)
      ? { range: node.source, text: inQuotes(text.slice(start, finding.range.start) + reference + text.slice(finding.range.end, end)) }
      : replaceScalar(text, finding.range, reference);
  return changeHere(context, message("Move it to the secret '{secret}'...", { secret }), change, { preferred: true, secret, isSafe: false });
};

function canHoldSecret({ file, root }: FixContext, path: DocumentPath): boolean {
  if (file.kind === 'connections') return path.at(-1) === 'password';
  const at = path.indexOf('with');
  const uses = at < 0 ? undefined : entryOf(nodeAt(root, path.slice(0, at)), 'uses')?.value;
  const action = actionDefinitions.find(({ name }) => uses?.kind === 'scalar' && name === uses.value);
  return action !== undefined && maySecretStand(action, path.slice(at + 1));
}

/** `send` + `authorization` gives `SEND_AUTHORIZATION`. */
function secretNameFor(path: DocumentPath): string {
  const named = path.filter((part): part is string => typeof part === 'string' && !['steps', 'on-failure', 'with', 'headers', 'query', 'json', 'form', 'connections'].includes(part));
  const words = [named[0], named.at(-1)].filter((part, index, all) => part !== undefined && all.indexOf(part) === index);
  return words.join('_').replace(/[^A-Za-z0-9]+/g, '_').toUpperCase().replace(/^(?=\d)/, '_').slice(0, 60) || 'SECRET';
}

function isInFlow(text: string, { root }: FixContext, path: DocumentPath): boolean {
  return path.some((_, index) => {
    const node = nodeAt(root, path.slice(0, index));
    return node !== undefined && node.kind !== 'scalar' && /[{[]/.test(text.charAt(node.range.start));
  });
}
