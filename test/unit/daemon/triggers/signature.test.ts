import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign as signWithKey } from 'node:crypto';
import { sign as githubSign, verify as githubVerify } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { signedHeaders, type SignedRequest, verifyHead, verifyRequest, type Verification } from '../../../../daemon/triggers/signature.ts';
import { type NamedSignature, namedSignatures, parseSigned, type SignatureScheme, signatureSchemes, type WebhookVerify } from '../../../../schemas/workflow/triggers/webhook-verify.ts';

const now = 1_614_265_330_000;
const minute = 60_000;

function request(body: string | Buffer, headers: Record<string, string>, url = 'https://hooks.example.com/hooks/deals'): SignedRequest {
  return { method: 'POST', url, headers, query: new URL(url).searchParams, body: Buffer.from(body) };
}

function named(scheme: NamedSignature, secrets: readonly string[] = ['A']): WebhookVerify {
  return { kind: 'signature', scheme, signature: signatureSchemes[scheme], secrets };
}

function hmac(scheme: Partial<SignatureScheme> & Pick<SignatureScheme, 'header'>): WebhookVerify {
  return { kind: 'signature', scheme: 'hmac', signature: { algorithm: 'sha256', encoding: 'hex', prefix: '', key: 'text', signed: [{ kind: 'body' }], ...scheme }, secrets: ['A'] };
}

function flawOf(verification: Verification): string {
  return verification.ok ? 'none' : verification.flaw;
}

describe('signatures of webhooks', () => {
  describe('published vectors', () => {
    it("GitHub's documentation", () => {
      const headers = { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' };
      assert.equal(verifyRequest(named('github'), request('Hello, World!', headers), ["It's a Secret to Everybody"], now).ok, true);
      assert.equal(flawOf(verifyRequest(named('github'), request('Hello, World?', headers), ["It's a Secret to Everybody"], now)), 'wrong-signature');
    });

    it("Slack's documentation", () => {
      const body = 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
      const headers = { 'x-slack-request-timestamp': '1531420618', 'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503' };
      assert.equal(verifyRequest(named('slack'), request(body, headers), ['8f742231b10e8888abcd99yyyzzz85a5'], 1_531_420_618_000).ok, true);
    });

    it('the specification of Standard Webhooks', () => {
      const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' };
      assert.equal(verifyRequest(named('standard-webhooks'), request('{"test": 2432232314}', headers), ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], now).ok, true);
      assert.equal(flawOf(verifyRequest(named('standard-webhooks'), request('{"test":2432232314}', headers), ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], now)), 'wrong-signature');
    });

    it("HubSpot's clients for Python and Ruby", () => {
      const vectors = [
        ['1693657560000', 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y='],
        ['1700000300000', 'RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw='],
      ] as const;
      for (const [timestamp, signature] of vectors) {
        const headers = { 'x-hubspot-request-timestamp': timestamp, 'x-hubspot-signature-v3': signature };
        const sent = request("{'example_field':'example_value'}", headers, 'https://www.example.com/webhook_uri');
        assert.equal(verifyRequest(named('hubspot'), sent, ['yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy'], Number(timestamp)).ok, true);
        assert.equal(flawOf(verifyRequest(named('hubspot'), { ...sent, url: 'http://www.example.com/webhook_uri' }, ['yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy'], Number(timestamp))), 'wrong-signature');
      }
    });

    it("SendGrid's clients for Node and Python", () => {
      const vectors = [
        {
          key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
          signature: 'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
          timestamp: '1588788367',
          body: '{"category":"example_payload","event":"test_event","message_id":"message_id"}',
        },
        {
          key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
          signature: 'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
          timestamp: '1600112502',
          body: '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
        },
      ];
      const other = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==';
      for (const { key, signature, timestamp, body } of vectors) {
        const at = Number(timestamp) * 1000;
        const sent = request(body, { 'x-twilio-email-event-webhook-signature': signature, 'x-twilio-email-event-webhook-timestamp': timestamp });
        assert.equal(verifyRequest(named('sendgrid'), sent, [key], at).ok, true);
        assert.equal(verifyRequest(named('sendgrid'), sent, [other, `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`], at).ok, true);
        assert.equal(flawOf(verifyRequest(named('sendgrid'), sent, [other], at)), 'wrong-signature');
        assert.equal(flawOf(verifyRequest(named('sendgrid'), { ...sent, body: Buffer.from('payload') }, [key], at)), 'wrong-signature');
        assert.equal(flawOf(verifyRequest(named('sendgrid'), { ...sent, headers: { ...sent.headers, 'x-twilio-email-event-webhook-timestamp': String(Number(timestamp) + 1) } }, [key], at)), 'wrong-signature');
        assert.equal(flawOf(verifyRequest(named('sendgrid'), sent, [key], at + 24 * 60 * minute + 1)), 'too-late');
        assert.equal(flawOf(verifyRequest(named('sendgrid'), sent, ['a text', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64')], at)), 'unusable-secret');
      }
    });

    it('RFC 4231 (HMAC-SHA-256 and HMAC-SHA-512) and RFC 2202 (HMAC-SHA-1), test case 2', () => {
      const body = 'what do ya want for nothing?';
      const digests = {
        sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
        sha512: '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
        sha1: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
      } as const;
      for (const algorithm of ['sha256', 'sha512', 'sha1'] as const) {
        for (const encoding of ['hex', 'base64'] as const) {
          const given = Buffer.from(digests[algorithm], 'hex').toString(encoding);
          assert.equal(verifyRequest(hmac({ header: 'x-sig', algorithm, encoding }), request(body, { 'x-sig': given }), ['Jefe'], now).ok, true, `${algorithm} ${encoding}`);
        }
      }
    });
  });

  describe("the senders' own libraries", () => {
    const bodies = ['{}', '{"text":"Grüße 🚀"}', 'x'.repeat(70_000), '{"a": [1,\r\n 2]}'];

    it('@octokit/webhooks-methods signs, and verifies what is signed here', async () => {
      for (const body of bodies) {
        assert.equal(verifyRequest(named('github'), request(body, { 'x-hub-signature-256': await githubSign('A', body) }), ['A'], now).ok, true);
        const own = signedHeaders(signatureSchemes.github, 'A', request(body, {}), { now, id: 'm1' });
        assert.equal(await githubVerify('A', body, own['x-hub-signature-256'] ?? ''), true);
      }
    });

    it('standardwebhooks signs, and verifies what is signed here', () => {
      const secret = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`;
      const webhook = new Webhook(secret);
      const nowMs = Date.now();
      for (const body of bodies) {
        const headers = { 'webhook-id': 'm1', 'webhook-timestamp': String(Math.floor(nowMs / 1000)), 'webhook-signature': webhook.sign('m1', new Date(nowMs), body) };
        assert.equal(verifyRequest(named('standard-webhooks'), request(body, headers), [secret], nowMs).ok, true);
        assert.equal(flawOf(verifyRequest(named('standard-webhooks'), request(body, { ...headers, 'webhook-id': 'm2' }), [secret], nowMs)), 'wrong-signature');
      }
      assert.deepEqual(webhook.verify('{"a":1}', { ...signedHeaders(signatureSchemes['standard-webhooks'], secret, request('{"a":1}', {}), { now: nowMs, id: 'm1' }) }), { a: 1 });
    });

    it('stripe signs, and verifies what is signed here', () => {
      const stripe = new Stripe('sk_test_none');
      const nowMs = Date.now();
      for (const body of bodies) {
        const header = stripe.webhooks.generateTestHeaderString({ payload: body, secret: 'whsec_test', timestamp: Math.floor(nowMs / 1000) });
        assert.equal(verifyRequest(named('stripe'), request(body, { 'stripe-signature': header }), ['whsec_test'], nowMs).ok, true);
      }
      const own = signedHeaders(signatureSchemes.stripe, 'whsec_test', request('{"id":"evt_1"}', {}), { now: nowMs, id: 'm1' });
      assert.equal(stripe.webhooks.constructEvent('{"id":"evt_1"}', own['stripe-signature'] ?? '', 'whsec_test').id, 'evt_1');
    });
  });

  it('hold for what they sign themselves, in every scheme, and for nothing else', () => {
    const secret = `whsec_${Buffer.from('a key of 24 bytes, or so').toString('base64')}`;
    // A public key signs nothing.
    for (const name of namedSignatures.filter((one) => signatureSchemes[one].key !== 'public-key')) {
      const scheme = signatureSchemes[name];
      const verify = named(name);
      const url = 'https://hooks.example.com/hooks/deals?a=%2Fb%20c&b=%3A';
      const headers = { ...signedHeaders(scheme, secret, request('{"a":1}', {}, url), { now, id: 'm1' }) };
      const sent = request('{"a":1}', headers, url);
      assert.equal(verifyRequest(verify, sent, [secret], now).ok, true, name);
      assert.equal(flawOf(verifyRequest(verify, { ...sent, body: Buffer.from('{"a":2}') }, [secret], now)), 'wrong-signature', name);
      assert.equal(flawOf(verifyRequest(verify, sent, [`whsec_${Buffer.from('another key of that size').toString('base64')}`], now)), 'wrong-signature', name);
      assert.equal(flawOf(verifyRequest(verify, request('{"a":1}', {}, url), [secret], now)), 'no-signature', name);
      assert.equal(flawOf(verifyRequest(verify, request('{"a":1}', { ...headers, [scheme.header]: 'zzz' }, url), [secret], now)), 'malformed-signature', name);
    }
  });

  it('hold with any of several secrets, in whatever order', () => {
    const headers = { ...signedHeaders(signatureSchemes.github, 'new', request('{}', {}), { now, id: 'm1' }) };
    assert.equal(verifyRequest(named('github'), request('{}', headers), ['old', 'new'], now).ok, true);
    assert.equal(verifyRequest(named('github'), request('{}', headers), ['new', 'old'], now).ok, true);
    assert.equal(flawOf(verifyRequest(named('github'), request('{}', headers), ['old'], now)), 'wrong-signature');
  });

  it('may be several in a header, as while a sender changes its secret', () => {
    const old = signedHeaders(signatureSchemes.stripe, 'old', request('{}', {}), { now, id: '' })['stripe-signature'] ?? '';
    const fresh = signedHeaders(signatureSchemes.stripe, 'new', request('{}', {}), { now, id: '' })['stripe-signature'] ?? '';
    const both = `${old},${fresh.split(',')[1] ?? ''},v0=00ff`;
    assert.equal(verifyRequest(named('stripe'), request('{}', { 'stripe-signature': both }), ['new'], now).ok, true);
    // Two times of sending: nobody can say which one was signed.
    assert.equal(flawOf(verifyRequest(named('stripe'), request('{}', { 'stripe-signature': `${old},${fresh}` }), ['new'], now)), 'no-timestamp');
  });

  it('are compared in a bounded number, however many a header has', () => {
    const many = `v1,${Buffer.alloc(32).toString('base64')} `.repeat(1000);
    const headers = { ...signedHeaders(signatureSchemes['standard-webhooks'], 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', request('{}', {}), { now, id: 'm1' }) };
    const right = headers['webhook-signature'] ?? '';
    assert.equal(flawOf(verifyRequest(named('standard-webhooks'), request('{}', { ...headers, 'webhook-signature': many + right }), ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], now)), 'wrong-signature');
  });

  it('hold for the tolerance, in both directions', () => {
    for (const name of ['stripe', 'standard-webhooks', 'slack', 'hubspot'] as const) {
      const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
      const sent = request('{}', { ...signedHeaders(signatureSchemes[name], secret, request('{}', {}), { now, id: 'm1' }) });
      const at = (time: number): string => flawOf(verifyRequest(named(name), sent, [secret], time));
      assert.deepEqual([at(now), at(now + 5 * minute), at(now - 5 * minute)], ['none', 'none', 'none'], name);
      assert.deepEqual([at(now + 5 * minute + 1), at(now - 5 * minute - 1000)], ['too-late', 'too-early'], name);
    }
  });

  it('give the same proof for the same request only where they hold for a while', () => {
    const proof = (name: NamedSignature, at: number): string | undefined => {
      const found = verifyRequest(named(name), request('{}', { ...signedHeaders(signatureSchemes[name], 'A', request('{}', {}), { now: at, id: 'm1' }) }), ['A'], now);
      return found.ok ? found.proof : 'none';
    };
    assert.equal(proof('slack', now), proof('slack', now));
    assert.notEqual(proof('slack', now), proof('slack', now - 1000));
    assert.equal(proof('github', now), undefined, 'two events may have the same body');
  });

  it('give the same proof for what was seen and is sent again with something added', () => {
    const proof = (scheme: NamedSignature, headers: Record<string, string>, key: string): string | undefined => {
      const found = verifyRequest(named(scheme), request('{}', headers), [key], now);
      return found.ok ? found.proof : 'none';
    };
    const stripe = signedHeaders(signatureSchemes.stripe, 'A', request('{}', {}), { now, id: '' })['stripe-signature'] ?? '';
    assert.equal(proof('stripe', { 'stripe-signature': `${stripe},v1=${'0'.repeat(64)}` }, 'A'), proof('stripe', { 'stripe-signature': stripe }, 'A'));
    // Each ECDSA signature (r, s) has a twin (r, n - s), which anyone can compute.
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const timestamp = String(now / 1000);
    const seen = signWithKey('sha256', Buffer.from(`${timestamp}{}`), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const twin = Buffer.concat([seen.subarray(0, 32), Buffer.from((order - BigInt(`0x${seen.toString('hex', 32)}`)).toString(16).padStart(64, '0'), 'hex')]);
    const proofOf = (signature: Buffer): string | undefined =>
      proof('sendgrid', { 'x-twilio-email-event-webhook-signature': derOf(signature).toString('base64'), 'x-twilio-email-event-webhook-timestamp': timestamp }, key);
    assert.equal(proofOf(twin), proofOf(seen));
    assert.notEqual(proofOf(seen), 'none');
  });

  it('never hold with a secret that has no key in it', () => {
    const open = createHmac('sha256', '').update('m1.1614265330.{}').digest('base64');
    const headers = { 'webhook-id': 'm1', 'webhook-timestamp': '1614265330', 'webhook-signature': `v1,${open}` };
    for (const secret of ['', 'whsec_', '!!!!', 'whsec_?', 'nötig']) {
      assert.equal(flawOf(verifyRequest(named('standard-webhooks'), request('{}', headers), [secret], now)), 'unusable-secret', secret);
    }
    assert.equal(flawOf(verifyRequest(named('github'), request('{}', { 'x-hub-signature-256': `sha256=${createHmac('sha256', '').update('{}').digest('hex')}` }), [''], now)), 'unusable-secret');
    assert.equal(flawOf(verifyRequest(named('github'), request('{}', { 'x-hub-signature-256': `sha256=${createHmac('sha256', '').update('{}').digest('hex')}` }), [], now)), 'unusable-secret');
  });

  it('can be put together by hand', () => {
    const verify = hmac({ header: 'x-sig', prefix: 'v2:', signed: parseSigned('{timestamp}|{id}|{body}'), timestamp: { header: 'x-time', toleranceMs: minute }, idHeader: 'x-id' });
    const given = createHmac('sha256', 'A').update(`${now}|e7|{}`).digest('hex');
    const headers = { 'x-sig': `v2:${given}`, 'x-time': String(now), 'x-id': 'e7' };
    assert.equal(verifyRequest(verify, request('{}', headers), ['A'], now).ok, true);
    assert.equal(flawOf(verifyRequest(verify, request('{}', { ...headers, 'x-id': 'e8' }), ['A'], now)), 'wrong-signature');
    assert.equal(flawOf(verifyRequest(verify, request('{}', { 'x-sig': `v2:${given}`, 'x-time': String(now) }), ['A'], now)), 'no-id');
    assert.equal(flawOf(verifyRequest(verify, request('{}', { ...headers, 'x-time': 'yesterday' }), ['A'], now)), 'no-timestamp');
    assert.equal(flawOf(verifyRequest(verify, request('{}', { ...headers, 'x-sig': given }), ['A'], now)), 'malformed-signature');
  });
});

/** Of the two numbers of a signature. */
function derOf(signature: Buffer): Buffer {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map((number) => {
    const start = number.findIndex((byte) => byte !== 0);
    const digits = number.subarray(start);
    const content = (digits[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), digits]) : digits;
    return Buffer.concat([Buffer.from([2, content.length]), content]);
  });
  const both = Buffer.concat([r ?? Buffer.alloc(0), s ?? Buffer.alloc(0)]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}

describe('shared secrets of webhooks', () => {
  const bearer: WebhookVerify = { kind: 'bearer', secrets: ['A'] };
  const query: WebhookVerify = { kind: 'query-secret', parameter: 'token', secrets: ['A'] };

  it('bearer: the header is exactly the token', () => {
    const flaw = (authorization: string | undefined): string => flawOf(verifyHead(bearer, request('', authorization === undefined ? {} : { authorization }), ['old', 'new'], now) ?? { ok: true });
    assert.deepEqual(['Bearer new', 'bearer old'].map(flaw), ['none', 'none']);
    assert.deepEqual([undefined, '', 'new', 'Basic new', 'Bearer', 'Bearer new, Bearer x'].map(flaw), Array.from({ length: 6 }, () => 'no-secret'));
    assert.deepEqual(['Bearer ne', 'Bearer newer'].map(flaw), ['wrong-secret', 'wrong-secret']);
  });

  it('query-secret: one parameter, once', () => {
    const flaw = (search: string): string => flawOf(verifyHead(query, request('', {}, `https://hooks.example.com/hooks/deals${search}`), ['s'], now) ?? { ok: true });
    assert.deepEqual(['?token=s', '?a=1&token=s'].map(flaw), ['none', 'none']);
    assert.deepEqual(['', '?token=', '?token=s&token=s', '?secret=s'].map(flaw), ['no-secret', 'no-secret', 'no-secret', 'no-secret']);
    assert.equal(flaw('?token=S'), 'wrong-secret');
  });
});
