import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleFile, translatableTexts } from './translatable-texts.ts';

const root = path.resolve(import.meta.dirname, '..');
const texts = Object.entries(translatableTexts(root)).sort(([one], [other]) => (one < other ? -1 : 1));
writeFileSync(path.join(root, bundleFile), `${JSON.stringify(Object.fromEntries(texts), null, 2)}\n`);
