import { generateKeyPairSync, verify } from 'node:crypto';
import { isJsonObject, type Json } from '../../../schemas/workflow/json.ts';
import type { SinkReply, SinkRequest } from '../../support/http-sink.ts';
import { bodyOf, callOf, hasToken, json, queryOf, type Service } from './service.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values, and the tokens of service accounts. */
export class GoogleSheets implements Service {
  readonly origin = 'https://sheets.googleapis.com';
  readonly throttled = json(429, { error: { code: 429, message: "Quota exceeded for quota metric 'Write requests'", status: 'RESOURCE_EXHAUSTED' } });
  /** Rows of the sheet `Deals & more`. */
  readonly rows: Json[] = [['name', 'total', 'note'], ['Ann', 12, 'x'], ['Bob', 0.5]];
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
  }

  get secrets(): Readonly<Record<string, string>> {
    const key = { type: 'service_account', private_key_id: 'k1', client_email: 'sluice@project.iam.gserviceaccount.com', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), token_uri: `${this.#url()}/token` };
    return { GOOGLE_KEY: JSON.stringify(key) };
  }

  answer(request: SinkRequest): SinkReply {
    if (callOf(request) === 'POST /token') return this.#token(request);
    const refused = (code: number, status: string, message: string): SinkReply => json(code, { error: { code, message, status } });
    if (!hasToken(request, 'ya29.token')) return refused(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    const sheet = 'Deals%20%26%20more';
    switch (callOf(request)) {
      case `GET /v4/spreadsheets/1BxiMVs0/values/${sheet}`:
        return json(200, { range: "'Deals & more'!A1:C1000", majorDimension: queryOf(request)['majorDimension'] ?? 'ROWS', values: this.rows });
      case `POST /v4/spreadsheets/1BxiMVs0/values/${sheet}:append`:
        return this.#append(request) ?? refused(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.');
      default:
        return refused(404, 'NOT_FOUND', 'Requested entity was not found.');
    }
  }

  /** Undefined if the request isn't right. */
  #append(request: SinkRequest): SinkReply | undefined {
    const { values, majorDimension } = bodyOf(request);
    const { valueInputOption, insertDataOption } = queryOf(request);
    if (!['RAW', 'USER_ENTERED'].includes(valueInputOption ?? '') || insertDataOption !== 'INSERT_ROWS' || majorDimension !== 'ROWS') return undefined;
    if (!Array.isArray(values) || !values.every((row) => Array.isArray(row))) return undefined;
    const first = this.rows.length + 1;
    this.rows.push(...(values as Json[]));
    const range = `'Deals & more'!A${first}:C${this.rows.length}`;
    return json(200, { spreadsheetId: '1BxiMVs0', tableRange: `'Deals & more'!A1:C${first - 1}`, updates: { spreadsheetId: '1BxiMVs0', updatedRange: range, updatedRows: values.length, updatedColumns: 3, updatedCells: 3 * values.length } });
  }

  /** https://developers.google.com/identity/protocols/oauth2/service-account#httprest: a JWT that the account's key has signed. */
  #token({ body }: SinkRequest): SinkReply {
    const form = new URLSearchParams(body);
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const isSigned = verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'));
    const told: unknown = isSigned ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : undefined;
    const isRight = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' && isJsonObject(told) && told['aud'] === `${this.#url()}/token` && told['scope'] === 'https://www.googleapis.com/auth/spreadsheets';
    return isRight ? json(200, { access_token: 'ya29.token', expires_in: 3599, token_type: 'Bearer' }) : json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
  }
}
