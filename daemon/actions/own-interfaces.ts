import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

/** The addresses of this machine; undefined if they can't be read, because asking takes a file descriptor as well. */
export function ownInterfaces(): readonly NetworkInterfaceInfo[] | undefined {
  try {
    return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  } catch {
    return undefined;
  }
}
