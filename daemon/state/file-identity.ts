import type { BigIntStats } from 'node:fs';

/**
 * What tells a file or folder from another one at its path: `INODE:BIRTH`, in nanoseconds. Inode numbers are used again as soon as they are free, so the
 * time of birth belongs to it, where the file system keeps one.
 */
export function fileIdentity({ ino, birthtimeNs }: Pick<BigIntStats, 'ino' | 'birthtimeNs'>, hasBirthTime: boolean): string {
  return `${ino}:${hasBirthTime ? birthtimeNs : ''}`;
}

/**
 * Whether times of birth are to be believed, by a folder that has changed since it was made. Where nobody keeps them (no statx before Linux 4.11 and in some
 * sandboxes, some network drives), Node gives the time of the last change in their place, which moves, or 0.
 */
export function hasBirthTimes({ birthtimeNs, ctimeNs }: Pick<BigIntStats, 'birthtimeNs' | 'ctimeNs'>): boolean {
  return birthtimeNs !== 0n && birthtimeNs !== ctimeNs;
}

/** Whether both can be the same one: a time of birth that one of them lacks says nothing. */
export function isSameFile(one: string, other: string): boolean {
  const [ino, birth] = one.split(':');
  const [otherIno, otherBirth] = other.split(':');
  return ino === otherIno && (birth === otherBirth || birth === '' || otherBirth === '');
}
