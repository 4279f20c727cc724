import { userInfo } from 'node:os';

/** Who uses this machine, for whoever looks at what was done; empty if the account has no name, as in a container. */
export function userName(): string {
  try {
    return userInfo().username.slice(0, 100);
  } catch {
    return '';
  }
}
