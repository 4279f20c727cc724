import { readDiscovery, type Discovery } from '../discovery-file.ts';

/** What the running daemon has written into `daemon.json`; undefined where there is nothing to be used. */
export async function readDaemonFile(projectFolder: string): Promise<Discovery | undefined> {
  const read = await readDiscovery(projectFolder);
  return read.kind === 'found' ? read.discovery : undefined;
}
