import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';
import type { SinkReply } from '../../support/http-sink.ts';
import { bodyOf, callOf, hasToken, json, textOf, type Service } from './service.ts';

function objectsOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

/** https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch/post-crm-v3-objects-contacts-batch-upsert */
export const hubspot: Service = {
  origin: 'https://api.hubapi.com',
  secrets: { HUBSPOT_TOKEN: 'pat-eu1-1234' },
  throttled: json(429, { status: 'error', message: 'You have reached your ten_secondly_rolling limit.', errorType: 'RATE_LIMIT', policyName: 'TEN_SECONDLY_ROLLING', correlationId: 'a1' }),
  answer: (request) => {
    const refused = (status: number, category: string, message: string): SinkReply => json(status, { status: 'error', message, correlationId: 'a1', category });
    if (!hasToken(request, 'pat-eu1-1234')) return refused(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found.');
    if (callOf(request) !== 'POST /crm/v3/objects/contacts/batch/upsert') return refused(404, 'OBJECT_NOT_FOUND', 'resource not found');
    const inputs = objectsOf(bodyOf(request)['inputs']);
    const ids = inputs.map(({ id }) => textOf(id).toLowerCase());
    if (inputs.length === 0 || inputs.length > 100) return refused(400, 'VALIDATION_ERROR', 'Invalid input: a batch has 1 to 100 inputs');
    if (new Set(ids).size < ids.length) return refused(400, 'VALIDATION_ERROR', 'Duplicate IDs found in batch input');
    const known = new Set(['email', 'firstname', 'lastname', 'company']);
    const unknown = inputs.flatMap(({ properties }) => (isJsonObject(properties) ? Object.keys(properties) : ['?'])).find((name) => !known.has(name));
    if (unknown !== undefined) return refused(400, 'VALIDATION_ERROR', `Property "${unknown}" does not exist`);
    if (inputs.some(({ idProperty }) => idProperty !== 'email')) return refused(400, 'VALIDATION_ERROR', 'idProperty is missing');
    const results = inputs.map(({ id, properties }) => ({ id: `7${textOf(id).length}`, properties: properties ?? {}, new: true, archived: false, createdAt: '2026-03-01T09:00:00Z', updatedAt: '2026-03-01T09:00:00Z' }));
    return json(200, { status: 'COMPLETE', results, startedAt: '2026-03-01T09:00:00Z', completedAt: '2026-03-01T09:00:01Z' });
  },
};

/** https://airtable.com/developers/web/api/update-multiple-records, with `performUpsert`. */
export const airtable: Service = {
  origin: 'https://api.airtable.com',
  secrets: { AIRTABLE_TOKEN: 'patAbc.1234' },
  throttled: json(429, { errors: [{ error: 'RATE_LIMIT_REACHED', message: 'Rate limit exceeded. Please try again later' }] }),
  answer: (request) => {
    const refused = (status: number, type: string, message: string): SinkReply => json(status, { error: { type, message } });
    if (!hasToken(request, 'patAbc.1234')) return refused(401, 'AUTHENTICATION_REQUIRED', 'Authentication required');
    if (callOf(request) !== 'PATCH /v0/appLkNDICXNqxSDhG/People%20%26%20places') return refused(404, 'NOT_FOUND', 'Could not find what you are looking for');
    const { performUpsert, records: given, typecast } = bodyOf(request);
    const records = objectsOf(given);
    if (records.length === 0 || records.length > 10) return refused(422, 'INVALID_RECORDS', 'You can only update 10 records at a time.');
    if (!isJsonObject(performUpsert) || JSON.stringify(performUpsert['fieldsToMergeOn']) !== '["Email"]' || typecast !== true) return refused(422, 'INVALID_REQUEST_UNKNOWN', 'Invalid request: parameter validation failed.');
    const fields = records.map((record) => (isJsonObject(record['fields']) ? record['fields'] : {}));
    const unknown = fields.flatMap((one) => Object.keys(one)).find((name) => !['Email', 'Name'].includes(name));
    if (unknown !== undefined) return refused(422, 'UNKNOWN_FIELD_NAME', `Unknown field name: "${unknown}"`);
    const made = fields.map((one, index) => ({ id: `rec${index}`, createdTime: '2026-03-01T09:00:00.000Z', fields: one }));
    return json(200, { records: made, updatedRecords: made.slice(0, 1).map(({ id }) => id), createdRecords: made.slice(1).map(({ id }) => id) });
  },
};

/** https://developers.notion.com/reference/post-page, version 2025-09-03. */
export const notion: Service = {
  origin: 'https://api.notion.com',
  secrets: { NOTION_TOKEN: 'ntn_1234' },
  throttled: json(429, { object: 'error', status: 429, code: 'rate_limited', message: 'You have been rate limited. Please try again in a few minutes.' }, { 'retry-after': '1' }),
  answer: (request) => {
    const refused = (status: number, code: string, message: string): SinkReply => json(status, { object: 'error', status, code, message, request_id: 'r1' });
    if (!hasToken(request, 'ntn_1234')) return refused(401, 'unauthorized', 'API token is invalid.');
    if (request.headers['notion-version'] !== '2025-09-03') return refused(400, 'missing_version', 'Notion-Version header failed validation.');
    if (callOf(request) !== 'POST /v1/pages') return refused(400, 'invalid_request_url', 'Invalid request URL.');
    const { parent, properties, children } = bodyOf(request);
    const id = isJsonObject(parent) && parent['type'] === 'data_source_id' ? parent['data_source_id'] : undefined;
    if (id !== '1a44be12-0953-4631-b498-9e5817518db8') return refused(404, 'object_not_found', `Could not find data source with ID: ${textOf(id)}.`);
    const title = isJsonObject(properties) && isJsonObject(properties['title']) ? properties['title']['title'] : undefined;
    const [first] = objectsOf(title);
    if (!isJsonObject(first?.['text']) || typeof first['text']['content'] !== 'string') return refused(400, 'validation_error', 'body.properties.title.title should be an array.');
    if (!objectsOf(children).every(({ type, paragraph }) => type === 'paragraph' && isJsonObject(paragraph) && objectsOf(paragraph['rich_text']).length === 1)) return refused(400, 'validation_error', 'body.children[0].paragraph should be defined.');
    return json(200, { object: 'page', id: 'be633bf1', url: 'https://www.notion.so/Meeting-be633bf1', archived: false, children: objectsOf(children).length });
  },
};
