/** How the daemon's version stands to the client's. */
export type VersionFit =
  /** They understand each other and are the same, or the daemon is newer. */
  | 'fits'
  /** They understand each other, but the daemon is the older one: a restart would bring what is new. */
  | 'older'
  /** They may not understand each other; which side is behind is in the name. */
  | 'too-old'
  | 'too-new';

/**
 * Results may gain members within one major version, and within one minor version before 1.0, as semver has it. A version that can't be
 * read fits nothing.
 */
export function versionFit(daemon: string, client: string): VersionFit {
  const theirs = parse(daemon);
  const ours = parse(client);
  if (theirs === undefined || ours === undefined) return daemon === client ? 'fits' : 'too-old';
  const order = compare(theirs, ours);
  const isSameLine = theirs[0] === ours[0] && (ours[0] > 0 || theirs[1] === ours[1]);
  if (isSameLine) return order < 0 ? 'older' : 'fits';
  return order < 0 ? 'too-old' : 'too-new';
}

type Version = readonly [major: number, minor: number, patch: number];

function parse(text: string): Version | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
