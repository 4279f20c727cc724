import { ClientError } from '../client/client-error.ts';
import { clientFaultText } from './wording/client-fault-text.ts';
import { messageOfError } from '../schemas/protocol/system-error.ts';

/** What the extension writes to its log; VS Code's `LogOutputChannel` has these methods. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** What any error says to a person. */
export function messageOf(error: unknown): string {
  if (error instanceof ClientError) return clientFaultText(error.fault);
  return messageOfError(error);
}

/** For VS Code itself, which shows the message of an error as it is. */
export async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof ClientError ? new Error(messageOf(error), { cause: error }) : error;
  }
}
