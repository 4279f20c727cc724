/** Writes `schemas/published/*.schema.json`: what editors that know nothing of Sluice check the files with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { publishedSchemas } from '../schemas/workflow/json-schema/published-schemas.ts';

const folder = path.resolve(import.meta.dirname, '../schemas/published');

mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(publishedSchemas)) {
  writeFileSync(path.join(folder, `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
