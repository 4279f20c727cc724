import { message } from '../../wording/message.ts';
import { isRoot } from '../../workflow/analysis/expression-scope.ts';
import { locator } from '../../workflow/analysis/scalar-source.ts';
import type { SourceRange } from '../../workflow/diagnostic.ts';
import { type DocumentNode, entryOf, type ScalarNode } from '../../workflow/document.ts';
import { parseExpression } from '../../workflow/expression/expression.ts';
import type { AdviceRule } from './advice.ts';

/** Whole texts, or parts of one, that services give out as keys; their forms are documented so that they can be found. */
const knownForms: readonly RegExp[] = [
  /\bgh[opsur]_[A-Za-z0-9]{36,}/, // GitHub
  /\bgithub_pat_[A-Za-z0-9_]{40,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/, // GitLab
  /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}/, // Stripe
  /\bwhsec_[A-Za-z0-9+/=]{16,}/, // Standard Webhooks
  /\bxox[abeoprs]-[A-Za-z0-9-]{20,}/, // Slack
  /\bhooks\.slack\.com\/services\/T[A-Z0-9]{6,}\/B[A-Z0-9]{6,}\/[A-Za-z0-9]{16,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, // AWS
  /\bAIza[A-Za-z0-9_-]{35}\b/, // Google
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/, // SendGrid
  /\bkey-[0-9a-f]{32}\b/, // Mailgun
  /\bsk-[A-Za-z0-9_-]{32,}/, // OpenAI and others
  /\bnpm_[A-Za-z0-9]{36}\b/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/, // JSON Web Token, RFC 7519
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/,
];
/** Credentials in front of a host, RFC 3986: `https://user:password@host`. */
const inUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]+:([^\s/?#@]+)@/i;
/** RFC 9110: a scheme and its credentials. */
const authorization = /^\s*(?:Bearer|Basic|Token|ApiKey)\s+(\S+)\s*$/i;
const secretKey = /(?:^|[-_])(?:authorization|password|passwd|pwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?secret)$/i;
const placeholder = /^(?:x+|\*+|\.+|-+|_+|<.*>|\[.*\]|change[-_ ]?me|your[-_ ].*|my[-_ ].*|example.*|sample.*|dummy.*|placeholder.*|todo|none|null|secret|password|token)$/i;

/** Where a workflow may hold data: what a step sends, and what an input is by default. */
export const literalSecret: AdviceRule = ({ workflows }, say) => {
  for (const { path, text, root, steps } of workflows) {
    const look = (node: DocumentNode, key: string): void => {
      for (const { scalar, under } of scalarsOf(node, key)) {
        const range = secretIn(text, scalar, under);
        if (range !== undefined) say(path, range, message('This looks like a secret, and everybody who reads the project reads it. Write {code}, and change it where it was in use.', { code: '${{ secrets.NAME }}' }));
      }
    };
    for (const { entry } of steps.values()) {
      const input = entryOf(entry.value, 'with');
      if (input !== undefined) look(input.value, 'with');
    }
    const inputs = entryOf(root, 'inputs')?.value;
    for (const { key, value } of inputs?.kind === 'map' ? inputs.entries : []) {
      const byDefault = entryOf(value, 'default');
      if (byDefault !== undefined) look(byDefault.value, key);
    }
  }
};

/** Where in the file a scalar holds what looks like a secret. */
function secretIn(text: string, scalar: ScalarNode, key: string): SourceRange | undefined {
  const { value } = scalar;
  if (typeof value !== 'string' || value.length < 8) return undefined;
  const found = placeIn(value, key);
  return found === undefined ? undefined : locator(text, scalar)(found);
}

function placeIn(value: string, key: string): SourceRange | undefined {
  for (const form of knownForms) {
    const match = form.exec(value);
    if (match !== null) return { start: match.index, end: match.index + match[0].length };
  }
  const [, password] = inUrl.exec(value) ?? [];
  if (password !== undefined && !password.includes('${{') && !placeholder.test(password)) {
    const start = value.indexOf(`:${password}@`) + 1;
    return { start, end: start + password.length };
  }
  if (value.includes('${{')) return undefined;
  const [, credentials] = authorization.exec(value) ?? [];
  if (credentials !== undefined) {
    const start = value.lastIndexOf(credentials);
    return looksRandom(credentials) ? { start, end: start + credentials.length } : undefined;
  }
  return secretKey.test(key) && looksRandom(value) ? { start: 0, end: value.length } : undefined;
}

/** A name or a sentence is not a secret, and neither is what is in place of one. */
function looksRandom(value: string): boolean {
  if (value.length < 12 || /\s/.test(value) || placeholder.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return kinds >= 2 && /[0-9]/.test(value) && new Set(value).size >= 8;
}

function* scalarsOf(node: DocumentNode, key: string): Iterable<{ readonly scalar: ScalarNode; readonly under: string }> {
  switch (node.kind) {
    case 'scalar':
      yield { scalar: node, under: key };
      break;
    case 'list':
      for (const item of node.items) yield* scalarsOf(item, key);
      break;
    case 'map':
      for (const entry of node.entries) yield* scalarsOf(entry.value, entry.key);
  }
}

/** An expression behind a dollar sign of its own: what its author probably wanted as a price is the escape for braces. */
const escaped = /\$\$\{\{([^{}]*)\}\}/g;

export const escapedExpression: AdviceRule = ({ workflows }, say) => {
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
