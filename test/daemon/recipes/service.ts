import type { SinkReply, SinkRequest } from '../../support/http-sink.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';

/** An API as its documentation describes it: it refuses, in its own way, what the real one would refuse. */
export interface Service {
  /** In the files of the recipe, in whose place the server of the test is called. */
  readonly origin: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** What it answers to calls that come too fast. */
  readonly throttled: SinkReply;
  /** It says so by a status that is an ordinary failure. */
  readonly isCharged?: boolean;
  answer(request: SinkRequest): SinkReply;
}

export function json(status: number, body: JsonObject, headers: Readonly<Record<string, string>> = {}): SinkReply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: JSON.stringify(body) };
}

/** The body of a request that says that it is JSON; an empty object if it is none. */
export function bodyOf({ headers, body = '' }: SinkRequest): JsonObject {
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return {};
  try {
    const value: unknown = JSON.parse(body);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function hasToken({ headers }: SinkRequest, token: string): boolean {
  return headers.authorization === `Bearer ${token}`;
}

/** `POST /v1/pages`: what a request calls, without its query. */
export function callOf({ method, path }: SinkRequest): string {
  return `${method} ${path.split('?')[0] ?? ''}`;
}

export function queryOf({ path }: SinkRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(new URL(path, 'http://localhost').searchParams);
}
