/**
 * Renews the pictures of `media/screenshots/`: what the tests saw in a real VS Code. Run it after `npm test -- page ui`, look at the
 * pictures, and commit them.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** By the name that documents use: what a test has drawn. */
const pictures: Readonly<Record<string, string>> = {
  'dead-letter.png': 'ui/dead-letter-3-compared.png',
  'dashboard.png': 'page/dark-all.png',
};

await mkdir(path.join(root, 'media/screenshots'), { recursive: true });
for (const [name, drawn] of Object.entries(pictures)) {
  await copyFile(path.join(root, 'test/.artefacts', drawn), path.join(root, 'media/screenshots', name));
  console.log(`media/screenshots/${name}`);
}
