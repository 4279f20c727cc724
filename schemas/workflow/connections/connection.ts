import type { RateLimit } from '../rate.ts';
import type { Template } from '../template.ts';

/** A system on the other side, declared in `.sluice/connections.yaml`. Templates in it hold references to secrets, which an attempt fills in. */
export type Connection = SmtpConnection | HttpConnection | PostgresConnection | SqliteConnection;

export const connectionTypes = ['smtp', 'http', 'postgres', 'sqlite'] as const;
export type ConnectionType = (typeof connectionTypes)[number];

/** What a connection lets start, over all queues whose jobs use it. */
interface Limits {
  readonly rate?: RateLimit;
  /** Attempts at the same time. */
  readonly concurrency?: number;
}

/** An SMTP server. */
export interface SmtpConnection extends Limits {
  readonly name: string;
  readonly type: 'smtp';
  readonly host: string;
  readonly port: number;
  /** `tls`: TLS from the first byte; `starttls`: required upgrade; `none`: plain text. */
  readonly tls: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: Template;
  readonly from?: string;
  /** A PEM file with certificates of authorities to trust besides the well-known ones, relative to the project's folder. */
  readonly ca?: string;
  /** The largest number of open connections. */
  readonly pool: number;
  /** Messages that one connection carries at most, before another takes its place. */
  readonly maxMessages: number;
}

/** An HTTP API. */
export interface HttpConnection extends Limits {
  readonly name: string;
  readonly type: 'http';
  /** Absolute, without user, query and fragment: paths of steps are below it, and nothing of the connection goes to another origin. */
  readonly url: string;
  /** Sent with each call; names in lower case. */
  readonly headers: Readonly<Record<string, Template>>;
  /** How long one attempt may take, in milliseconds, unless its step says otherwise. */
  readonly timeoutMs?: number;
  readonly auth?: HttpAuth<Template>;
}

/** A Postgres database. */
export interface PostgresConnection extends Limits {
  readonly name: string;
  readonly type: 'postgres';
  /** `postgres://user:password@host:5432/database`, as one text that may be a secret. */
  readonly url: Template;
  /** A PEM file with certificates of authorities to trust besides the well-known ones, relative to the project's folder. */
  readonly ca?: string;
  /** The largest number of open connections. */
  readonly pool: number;
  /** How long one attempt may take, in milliseconds, unless its step says otherwise. */
  readonly timeoutMs?: number;
}

/** A database in a file of the project. */
export interface SqliteConnection extends Limits {
  readonly name: string;
  readonly type: 'sqlite';
  /** Relative to the project's folder. */
  readonly file: string;
  readonly timeoutMs?: number;
}

/** How calls prove who makes them. `Value`: what may hold a secret, as a template, or as the text that it gives. */
export type HttpAuth<Value> =
  | { readonly type: 'bearer'; readonly token: Value }
  | { readonly type: 'basic'; readonly user: Value; readonly password: Value }
  /** `name` in lower case. */
  | { readonly type: 'header'; readonly name: string; readonly value: Value }
  | { readonly type: 'query'; readonly name: string; readonly value: Value }
  | OAuth2Auth<Value>
  | { readonly type: 'google-service-account'; readonly key: Value; readonly scopes: readonly string[] }
  | { readonly type: 'aws-sigv4'; readonly region: string; readonly service: string; readonly keyId: Value; readonly secretKey: Value; readonly sessionToken?: Value };

export type HttpAuthType = HttpAuth<Template>['type'];

/** RFC 6749: client credentials (4.4), or a refresh token that a person has got (6). */
export interface OAuth2Auth<Value> {
  readonly type: 'oauth2';
  readonly grant: 'client-credentials' | 'refresh-token';
  readonly tokenUrl: string;
  readonly clientId: Value;
  /** Always there for client credentials; public clients have none. */
  readonly clientSecret?: Value;
  /** How the client proves who it is: HTTP Basic, or fields of the form (RFC 6749, 2.3.1). */
  readonly clientAuth: 'header' | 'body';
  /** The first one; those that replace it are kept in the store. */
  readonly refreshToken?: Value;
  /** Separated by spaces. */
  readonly scope?: string;
  /** Further parameters of the token request, such as `audience`. */
  readonly parameters: Readonly<Record<string, string>>;
}
