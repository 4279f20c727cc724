/** Relations of one header, at most: no API has more. */
const maxLinks = 100;

/**
 * The targets of a `Link` header (RFC 8288) by their relations, in lower case; each target is as it is written, and the first one of each relation counts. What isn't a link is
 * left out. Several headers come joined by commas, which also stand within a target or a quoted value. Takes time in proportion to the header.
 */
export function linksOf(header: string): Readonly<Record<string, string>> {
  const links = new Map<string, string>();
  for (let at = header.indexOf('<'); at >= 0 && links.size < maxLinks; ) {
    const end = header.indexOf('>', at);
    if (end < 0) break;
    const { relations, next } = readParameters(header, end + 1);
    for (const relation of relations) if (!links.has(relation)) links.set(relation, header.slice(at + 1, end).trim());
    at = header.indexOf('<', next);
  }
  return Object.fromEntries(links);
}

/** What stands behind a target, up to the comma before the next one. Of several `rel` the first counts, as the specification says. */
function readParameters(header: string, from: number): { readonly relations: readonly string[]; readonly next: number } {
  const part = /\s*(?:;\s*([^\s=;,"<]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<]*)))?|[^,;\s])/sy;
  let relations: readonly string[] | undefined;
  part.lastIndex = from;
  let next = from;
  for (let found = part.exec(header); found !== null; found = part.exec(header)) {
    next = part.lastIndex;
    const [, name, quoted, plain] = found;
    if (relations === undefined && name?.toLowerCase() === 'rel') relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/).filter((relation) => relation !== '' && relation !== '__proto__');
  }
  return { relations: relations ?? [], next };
}
