import { isProofOf, ownerKeyFile } from '../platform/owner-proof.ts';
import { ownerKeyFlaw } from '../schemas/protocol/owner-mark.ts';
import { withOpenFile } from './state-folder.ts';

/** Whether a proof was made with this user's key, which the first daemon makes. Without a usable key nothing is. Never rejects. */
export async function isOwnProof(text: string, proof: string): Promise<boolean> {
  const key = await ownerKey().catch(() => undefined);
  return key !== undefined && isProofOf(proof, text, key);
}

function ownerKey(): Promise<Buffer | undefined> {
  return withOpenFile(ownerKeyFile(process.env), (opened) => (ownerKeyFlaw(opened, process.getuid?.()) === undefined ? opened.read() : undefined));
}
