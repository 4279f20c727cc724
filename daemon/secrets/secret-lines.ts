/** A name, and what is behind its `=`: a value in quotes, which may go over several lines, or the rest of the line. */
const entry = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=(?:[ \t]*(?:"([^"]*)"|'([^']*)'|`([^`]*)`))?([^\n]*)(?:\n|$)/gm;

/**
 * `NAME=value` lines, as of `.env`; names without a value are left out. Without quotes, a `#` begins a comment only behind a space, as in a
 * shell: keys and passwords have `#` in them. Otherwise read as Node's `parseEnv` does: in double quotes, `\n` is a line break.
 */
export function parseSecretLines(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name = '', double, single, back, rest = ''] of withoutMark(text).replace(/\r\n?/g, '\n').matchAll(entry)) {
    const value = double?.replaceAll('\\n', '\n') ?? single ?? back ?? rest.replace(/[ \t]#.*$/, '').trim();
    if (value === '') delete values[name];
    else values[name] = value;
  }
  return values;
}

/** A byte order mark, which editors on Windows put first, is not part of the first name. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * The text with one name set, or without it where `value` is undefined; comments and all other lines stay as they are. Undefined if
 * these lines can't say it: what comes out has been read back, and is exactly what was meant.
 */
export function changeSecretLines(text: string, name: string, value: string | undefined): string | undefined {
  const before = parseSecretLines(text);
  const { [name]: _old, ...others } = before;
  const kept = withoutName(withoutMark(text), name);
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

function withoutName(text: string, name: string): string {
  return text.replace(entry, (whole, found: string) => (found === name ? '' : whole));
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && other[name] === one[name]);
}
