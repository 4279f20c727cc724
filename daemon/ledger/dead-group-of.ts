import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { failureGroup } from '../core/failure-group.ts';

/** The group of a dead letter, as its row keeps it. `response`: JSON of the last attempt's record. */
export function deadGroupOf(uses: string, error: JobError, response: string | null | undefined): string {
  return failureGroup({ uses, error, response: parsed(response) });
}

function parsed(response: string | null | undefined): Json | undefined {
  return response === null || response === undefined ? undefined : (JSON.parse(response) as Json);
}
