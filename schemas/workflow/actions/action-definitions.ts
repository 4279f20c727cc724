import type { ActionDefinition } from './action-definition.ts';
import { emailSend } from './email-send.ts';
import { fileWrite } from './file-write.ts';
import { httpRequest } from './http-request.ts';
import { sqlQuery } from './sql-query.ts';
import { transformJsonata } from './transform-jsonata.ts';
import { transformScript } from './transform-script.ts';
import { waitFor } from './wait-for.ts';
import { waitSignal } from './wait-signal.ts';
import { webhookSend } from './webhook-send.ts';
import { workflowRun } from './workflow-run.ts';

/** The actions that every installation has. */
export const actionDefinitions: readonly ActionDefinition[] = [httpRequest, webhookSend, emailSend, fileWrite, sqlQuery, transformJsonata, transformScript, waitFor, waitSignal, workflowRun];
