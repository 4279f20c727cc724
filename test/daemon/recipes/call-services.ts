import { createHash, createHmac } from 'node:crypto';
import { isJsonObject } from '../../../schemas/workflow/json.ts';
import type { SinkReply, SinkRequest } from '../../support/http-sink.ts';
import { bodyOf, callOf, hasToken, json, textOf, type Service } from './service.ts';

/** https://docs.github.com/en/graphql: 200 with `errors`, and 403 with Retry-After by its secondary rate limit. */
export const github: Service = {
  origin: 'https://api.github.com',
  secrets: { GITHUB_TOKEN: 'github_pat_1234' },
  throttled: json(403, { message: 'You have exceeded a secondary rate limit.', documentation_url: 'https://docs.github.com' }, { 'retry-after': '1' }),
  answer: (request) => {
    if (request.headers['user-agent'] === undefined) return json(403, { message: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header' });
    if (!hasToken(request, 'github_pat_1234')) return json(401, { message: 'Bad credentials' });
    const { query, variables } = bodyOf(request);
    if (callOf(request) !== 'POST /graphql' || typeof query !== 'string' || !/^query \(\$owner: String!, \$repository: String!\)/.test(query)) return json(400, { message: 'Problems parsing JSON' });
    const { owner, repository } = isJsonObject(variables) ? variables : {};
    const name = `${textOf(owner)}/${textOf(repository)}`;
    if (name !== 'octocat/hello-world') return json(200, { data: { repository: null }, errors: [{ type: 'NOT_FOUND', path: ['repository'], message: `Could not resolve to a Repository with the name '${name}'.` }] });
    return json(200, { data: { repository: { issues: { totalCount: 1, nodes: [{ number: 7, title: 'Broken', url: 'https://github.com/octocat/hello-world/issues/7' }] } } } });
  },
};

/** https://platform.openai.com/docs/api-reference/chat/create */
export const openAi: Service = {
  origin: 'https://api.openai.com',
  secrets: { OPENAI_KEY: 'sk-1234' },
  throttled: json(429, { error: { message: 'Rate limit reached for gpt-4o-mini on requests per min (RPM)', type: 'requests', param: null, code: 'rate_limit_exceeded' } }),
  answer: (request) => {
    const refused = (status: number, code: string, message: string): SinkReply => json(status, { error: { message, type: 'invalid_request_error', param: null, code } });
    if (!hasToken(request, 'sk-1234')) return refused(401, 'invalid_api_key', 'Incorrect API key provided.');
    if (callOf(request) !== 'POST /v1/chat/completions') return refused(404, 'unknown_url', 'Unknown request URL');
    const { model, messages, max_completion_tokens: max } = bodyOf(request);
    if (model !== 'gpt-4o-mini') return refused(404, 'model_not_found', `The model \`${textOf(model)}\` does not exist or you do not have access to it.`);
    const roles = Array.isArray(messages) ? messages.map((one) => (isJsonObject(one) && typeof one['content'] === 'string' ? textOf(one['role']) : '')) : [];
    if (roles.join() !== 'system,user' || typeof max !== 'number') return refused(400, 'invalid_request_error', 'Missing required parameter.');
    return json(200, {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_772_000_000,
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Blue.', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 19, completion_tokens: 2, total_tokens: 21 },
    });
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: signed by Signature Version 4, and 503 SlowDown in place of 429. */
export class S3 implements Service {
  readonly origin = 'https://your-bucket.s3.eu-central-1.amazonaws.com';
  readonly secrets = { AWS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  readonly throttled = xml(503, 'SlowDown', 'Please reduce your request rate.');
  readonly isCharged = true;
  readonly objects = new Map<string, string>();

  answer(request: SinkRequest): SinkReply {
    if (request.method !== 'PUT') return xml(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
    if (!this.#isSigned(request)) return xml(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.');
    const key = decodeURIComponent(request.path.slice(1));
    if (key.startsWith('locked/')) return xml(403, 'AccessDenied', 'Access Denied');
    this.objects.set(key, request.body ?? '');
    return { status: 200, headers: { etag: `"${createHash('md5').update(request.body ?? '').digest('hex')}"` } };
  }

  /** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
  #isSigned({ method, path, headers, body = '' }: SinkRequest): boolean {
    const [, day, names = '', signature] = /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\d{8})\/eu-central-1\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(headers.authorization ?? '') ?? [];
    const sha256 = headers['x-amz-content-sha256'];
    if (day === undefined || (sha256 !== 'UNSIGNED-PAYLOAD' && sha256 !== digest(body))) return false;
    const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
    const canonical = [method, canonicalPath(path), path.split('?')[1] ?? '', signed, names, sha256].join('\n');
    const scope = `${day}/eu-central-1/s3/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest(canonical)].join('\n');
    const key = [day, 'eu-central-1', 's3', 'aws4_request', text].reduce<Buffer>((made, part) => createHmac('sha256', made).update(part).digest(), Buffer.from(`AWS4${this.secrets.AWS_SECRET_KEY}`));
    return key.toString('hex') === signature;
  }
}

function xml(status: number, code: string, message: string): SinkReply {
  return { status, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>` };
}

/** Each part decoded and encoded again, by the narrow set of RFC 3986. */
function canonicalPath(path: string): string {
  return (path.split('?')[0] ?? '').split('/').map((part) => encodeURIComponent(decodeURIComponent(part)).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)).join('/');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
