import type { ActionDefinition } from './action-definition.ts';
import { emailSend } from './email-send.ts';
import { httpRequest } from './http-request.ts';
import { webhookSend } from './webhook-send.ts';

/** The actions that every installation has. */
export const actionDefinitions: readonly ActionDefinition[] = [httpRequest, webhookSend, emailSend];

/** Names that the language reserves for actions to come. */
export const plannedActions: readonly string[] = ['transform/jsonata', 'wait/for', 'wait/signal', 'workflow/run'];
