import type { JsonObject } from '../json.ts';
import { configSchema } from './config-schema.ts';
import { connectionsSchema } from './connections-schema.ts';
import { queuesSchema, workflowSchema } from './workflow-schema.ts';

/** The schemas in `schemas/published/`, by the first word of their file's name. `npm run generate` writes them. */
export const publishedSchemas: Readonly<Record<'workflow' | 'queues' | 'connections' | 'config', JsonObject>> = {
  workflow: workflowSchema,
  queues: queuesSchema,
  connections: connectionsSchema,
  config: configSchema,
};
