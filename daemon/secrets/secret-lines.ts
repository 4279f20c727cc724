import { parseEnv } from 'node:util';

/** `NAME=value` lines as Node's `parseEnv` reads them; names without a value are left out. */
export function parseSecretLines(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) if (value !== undefined && value !== '') values[name] = value;
  return values;
}

/**
 * The text with one name set, or without it where `value` is undefined; comments and all other lines stay as they are. Undefined where
 * these lines can't say it: what comes out has been read back, and is exactly what was meant.
 */
export function changeSecretLines(text: string, name: string, value: string | undefined): string | undefined {
  const before = parseSecretLines(text);
  const { [name]: _old, ...others } = before;
  const kept = withoutName(text, name);
  const line = value === undefined ? '' : assignment(name, value);
  if (line === undefined) return undefined;
  const changed = `${kept}${kept === '' || kept.endsWith('\n') || line === '' ? '' : '\n'}${line}`;
  return isSame(parseSecretLines(changed), value === undefined ? others : { ...others, [name]: value }) ? changed : undefined;
}

/** In quotes that it doesn't have itself: within them, everything but double quotes is taken as it stands. */
function assignment(name: string, value: string): string | undefined {
  const quote = ["'", '`', ...(value.includes('\\') ? [] : ['"'])].find((one) => !value.includes(one));
  return quote === undefined ? undefined : `${name}=${quote}${value}${quote}\n`;
}

/** A quoted value may go over several lines. */
function withoutName(text: string, name: string): string {
  const value = '(?:[ \\t]*(?:"[^"]*"|\'[^\']*\'|`[^`]*`))?[^\\n]*(?:\\n|$)';
  const entry = new RegExp(`^[ \\t]*(?:export[ \\t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \\t]*=${value}`, 'gm');
  return text.replace(entry, (whole, found: string) => (found === name ? '' : whole));
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && other[name] === one[name]);
}
