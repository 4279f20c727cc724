import { userInfo } from 'node:os';

/** For whoever looks at the edit; not every account has a name. */
export function userName(): string {
  try {
    return userInfo().username.slice(0, 100);
  } catch {
    return '';
  }
}
