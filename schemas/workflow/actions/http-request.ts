import { message, type Message } from '../../wording/message.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';

const scalar = { type: ['string', 'number', 'boolean', 'null'] } as const;

const status = {
  anyOf: [
    { type: 'integer', minimum: 200, maximum: 599 },
    { type: 'string', pattern: '^[2-5]xx$' },
  ],
} as const;

const fileName = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[^\\r\\n\\u0000]*$' } as const;

const filePart = {
  type: 'object',
  additionalProperties: false,
  properties: {
    path: { type: 'string', minLength: 1, maxLength: 4096, description: "A file, named relative to the project's folder.", examples: ['files/invoice.pdf'] },
    content: { type: 'string', description: 'The content itself; needs a `filename`.' },
    encoding: { type: 'string', enum: ['utf-8', 'base64'], default: 'utf-8', description: 'How `content` is written. What is not base64 is refused; a `data:` URL is none.' },
    filename: { ...fileName, description: 'The name that the receiver sees. Default: the last part of `path`.' },
    'content-type': { type: 'string', maxLength: 255, pattern: '^[ -~]*$', description: "The media type. Default: by the file name's extension.", examples: ['application/pdf'] },
  },
  oneOf: [{ required: ['path'] }, { required: ['content', 'filename'] }],
} as const;

/** Largest answer that is kept in memory, and largest one that is saved as a file, in bytes. */
const maxAnswerBytes = { memory: 67_108_864, file: 8_589_934_592 } as const;

/**
 * `http/request`.
 *
 * Secrets may be in `url`, `query`, `headers` and the bodies: API keys are asked for in each of these places (chat
 * webhooks carry theirs in the path, OAuth's client secret goes into a form). `method`, `expect`, `max-bytes` and `save-as` never
 * bear any.
 */
export const httpRequest: ActionDefinition = {
  name: 'http/request',
  summary: 'Calls a URL and returns the answer.',
  connection: ['http'],
  outputFile: 'save-as',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: {
      connection: {
        type: 'string',
        minLength: 1,
        description: 'The name of an HTTP connection in `.sluice/connections.yaml`, which has the base URL, headers, credentials and limits.',
        examples: ['crm'],
      },
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 16_384,
        description: 'An absolute `http:` or `https:` URL, sent as it is written. With `connection`, a path below its URL, or an absolute URL of the same origin. Credentials in front of the host (`user:password@`) are an error: they belong in a connection, or in the `authorization` header.',
        examples: ['https://api.example.com/people'],
        'x-secret': true,
      },
      method: {
        type: 'string',
        enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        default: 'GET',
        description: 'The request method.',
      },
      query: {
        type: 'object',
        description: "Parameters appended to the URL's own, which stay as they are written. A list repeats its parameter; `null` leaves it out.",
        examples: [{ email: '${{ item.email }}', tag: ['a', 'b'] }],
        additionalProperties: {
          anyOf: [scalar, { type: 'array', items: scalar }],
        },
        'x-secret': true,
      },
      headers: {
        type: 'object',
        description:
          'Request headers. `idempotency-key` is added unless you set it: the same in all attempts of a job. After ' +
          'a redirect to another origin, only harmless ones are sent (`accept`, `content-type`, ...). Two names that differ in case only are an error.',
        examples: [{ authorization: 'Bearer ${{ secrets.PEOPLE_API }}' }],
        propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
        additionalProperties: { type: ['string', 'number'] },
        'x-secret': true,
      },
      json: {
        description: 'A body sent as JSON, with `content-type: application/json`. Any JSON value.',
        examples: [{ name: '${{ item.name }}' }],
        'x-secret': true,
      },
      form: {
        type: 'object',
        description:
          'A body sent as a form, with `content-type: application/x-www-form-urlencoded`. A list repeats its field; `null` leaves it out.',
        examples: [{ grant_type: 'client_credentials', client_secret: '${{ secrets.CLIENT_SECRET }}' }],
        additionalProperties: {
          anyOf: [scalar, { type: 'array', items: scalar }],
        },
        'x-secret': true,
      },
      text: {
        type: 'string',
        description: 'A body sent as it is, in UTF-8, with `content-type: text/plain; charset=utf-8` unless `headers` say otherwise.',
        'x-secret': true,
      },
      multipart: {
        type: 'object',
        minProperties: 1,
        description:
          'A body of fields and files, with `content-type: multipart/form-data`, as a form with an upload sends it. A field is a text, number or boolean; a file is `{ path: ... }`, read while it is sent, or ' +
          '`{ content: ..., filename: ... }`. A list repeats its field; `null` leaves it out. At most 200 parts, and 8 GiB.',
        examples: [{ title: '${{ item.title }}', file: { path: 'files/invoice.pdf' } }],
        additionalProperties: {
          anyOf: [scalar, filePart, { type: 'array', items: { anyOf: [scalar, filePart] } }],
        },
        'x-secret': true,
      },
      'save-as': {
        type: 'string',
        minLength: 1,
        maxLength: 4096,
        description:
          "A file of the project that the answer's body is written to, as it comes, instead of into the output: `output.file` has its `path`, `bytes` and `sha256`, and `body` is null. Only an answer with an expected status is " +
          'saved. The file takes its place as a whole, replacing one that is there; folders are made. Names that begin with a dot, links and workflows are refused.',
        examples: ['exports/report-${{ run.id }}.pdf'],
      },
      expect: {
        description:
          'The statuses that count as success: numbers, or classes such as `2xx`. A redirect that is expected ' +
          '(`302`, `3xx`) is returned instead of followed. Others are followed, at most five, if that repeats the same request: ' +
          '301, 302 and 303 of a GET or HEAD, 307 and 308 of any method. A 301, 302 or 303 of another method would turn it into a GET ' +
          'without a body, and fails the job. So does a redirect from https: to http:, and one that would send a body with a secret ' +
          'to another origin.',
        default: ['2xx'],
        examples: [[200, 404], '2xx'],
        anyOf: [status, { type: 'array', minItems: 1, items: status }],
      },
      'expect-body': {
        type: 'object',
        minProperties: 1,
        description:
          'What the body of the answer must have for the call to count as success, for APIs that answer 200 where they have failed. Maps are compared ' +
          'by the keys that are given, everything else as a whole; `null` also stands for what is missing. Otherwise the job fails with the status ' +
          'of the answer: a 200 is not repeated, unless `on` of `retry` names it.',
        examples: [{ ok: true }, { errors: null }],
      },
      'max-bytes': {
        type: 'integer',
        minimum: 0,
        maximum: maxAnswerBytes.file,
        default: 1_048_576,
        description:
          'The largest answer accepted, in bytes, after decompression: 1 MiB, and at most 64 MiB; with `save-as` 1 GiB, and at most 8 GiB. A larger one fails ' +
          "the job and isn't retried.",
      },
    },
    dependentSchemas: {
      json: { properties: { form: false, text: false, multipart: false } },
      form: { properties: { json: false, text: false, multipart: false } },
      text: { properties: { json: false, form: false, multipart: false } },
      multipart: { properties: { json: false, form: false, text: false } },
      'save-as': { properties: { 'expect-body': false } },
    },
  },
  output: {
    type: 'object',
    additionalProperties: false,
    required: ['status', 'headers', 'body'],
    properties: {
      status: { type: 'integer', description: 'The status code.', examples: [200] },
      headers: {
        type: 'object',
        description: 'Response headers, names in lower case, repeated ones joined by `, `. `set-cookie` is left out: it is a credential.',
        additionalProperties: { type: 'string' },
      },
      body: { description: 'The answer: parsed if it is JSON, `null` if it is empty or saved as a file, otherwise text.' },
      file: {
        type: 'object',
        description: 'With `save-as`: the file that the answer was written to.',
        additionalProperties: false,
        required: ['path', 'bytes', 'sha256'],
        properties: {
          path: { type: 'string', description: "From the project's folder, as other steps name it." },
          bytes: { type: 'integer', description: 'Its size.' },
          sha256: { type: 'string', description: 'The SHA-256 of its content, in hex.' },
        },
      },
    },
  },
};

/** What to say of a `max-bytes` that only a file can have. The schema doesn't say it, because editors would offer its condition's key before all others. */
export function maxBytesProblem(maxBytes: number, isSaved: boolean): Message | undefined {
  return isSaved || maxBytes <= maxAnswerBytes.memory ? undefined : message("'max-bytes' is at most {max} without 'save-as', since the answer is kept in memory.", { max: maxAnswerBytes.memory });
}

/** What the input schema admits. */
export interface HttpRequestInput {
  readonly connection?: string;
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly query?: FormFields;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly json?: Json;
  readonly form?: FormFields;
  readonly text?: string;
  readonly multipart?: MultipartFields;
  readonly 'save-as'?: string;
  readonly expect?: ExpectedStatus | readonly ExpectedStatus[];
  readonly 'expect-body'?: JsonObject;
  readonly 'max-bytes'?: number;
}

export type FormScalar = string | number | boolean | null;
export type FormFields = Readonly<Record<string, FormScalar | readonly FormScalar[]>>;
export type MultipartFields = Readonly<Record<string, FormScalar | FilePart | readonly (FormScalar | FilePart)[]>>;

export interface FilePart {
  readonly path?: string;
  readonly content?: string;
  readonly encoding?: 'utf-8' | 'base64';
  readonly filename?: string;
  readonly 'content-type'?: string;
}

/** `200`, or a class: `2xx`. */
export type ExpectedStatus = number | string;
