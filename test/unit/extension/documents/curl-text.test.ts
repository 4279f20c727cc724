import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { curlText } from '../../../../extension/documents/curl-text.ts';
import { jobDetail } from '../../daemon/cli/protocol-samples.ts';

const curl = (payload: unknown, fields: Parameters<typeof jobDetail>[0] = {}): string => {
  const made = curlText(jobDetail({ payload, ...fields }));
  assert.ok(made.ok);
  return made.text;
};

/** The words that a shell makes of the command: what `curl` itself would be given. */
async function wordsOf(command: string, env: Record<string, string> = {}): Promise<string[]> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`], { env });
  return stdout.split('\0').slice(0, -1);
}

describe('a job as a curl command', () => {
  it('is the call that the action makes', () => {
    const text = curl({ url: 'https://erp.example.com/deals', method: 'PUT', query: { tag: ['a', 'b c'] }, json: { id: 7 } });
    assert.equal(
      text,
      [
        "curl --request PUT 'https://erp.example.com/deals?tag=a&tag=b+c' \\",
        "  --header 'idempotency-key: sluice-j40-1' \\",
        "  --header 'content-type: application/json' \\",
        `  --data-raw '{"id":7}'`,
        '',
      ].join('\n'),
    );
  });

  it('has secrets as variables of the shell, which fill in as the daemon does', async () => {
    const text = curl({
      method: 'POST',
      url: 'https://${{ secrets.HOST }}/x?key=${{ secrets.KEY }}',
      headers: { Authorization: 'Bearer ${{ secrets.PEOPLE_API }}' },
      form: { client_secret: '${{ secrets.CLIENT }}', name: "O'Hara & $HOME" },
    });
    assert.deepEqual(await wordsOf(text, { HOST: 'h', KEY: 'k', PEOPLE_API: 'p', CLIENT: 'c' }), [
      'https://h/x?key=k',
      '--header',
      'idempotency-key: sluice-j40-1',
      '--header',
      'authorization: Bearer p',
      '--data-urlencode',
      'client_secret=c',
      '--data-urlencode',
      "name=O'Hara & $HOME",
    ]);
  });

  it('shows no credential that is there as it is', () => {
    const text = curl({
      url: 'https://ann:hunter2@erp.example.com/x?api_key=hunter2&page=1',
      headers: { authorization: 'Basic hunter2', cookie: 'sid=hunter2', 'X-Api-Key': 'hunter2' },
      json: { login: { user: 'ann', password: 'hunter2' }, items: [{ token: 'hunter2' }] },
    });
    assert.ok(!text.includes('hunter2'), text);
    assert.match(text, /'authorization: '"\$AUTHORIZATION"/);
    assert.match(text, /"user":"ann","password":"'"\$PASSWORD"'"/);
  });

  it('lets nothing of a payload be run by the shell', async () => {
    const evil = "'; touch /tmp/owned #`touch /tmp/owned`$(touch /tmp/owned)\n";
    const words = await wordsOf(curl({ url: 'https://a.example', method: 'POST', headers: { 'x-a': evil.trim() }, text: evil }));
    assert.deepEqual([words.at(-1), words[0]], [evil, 'https://a.example/']);
  });

  it('of a webhook has its envelope and id, and no signature', () => {
    const text = curl({ url: 'https://a.example/h', body: { id: 1 }, type: 'deal.closed', secret: '${{ secrets.HOOK }}' }, { uses: 'webhook/send' });
    assert.match(text, /^curl 'https:\/\/a\.example\/h' \\\n/);
    assert.match(text, /--header 'webhook-id: sluice-j40-1'/);
    assert.match(text, /--data-raw '\{"type":"deal\.closed","timestamp":"2026-[^"]+Z","data":\{"id":1\}\}'/);
    assert.ok(!/signature|HOOK/.test(text));
  });

  it('is told apart from what is no HTTP call', () => {
    assert.deepEqual(curlText(jobDetail({ uses: 'email/send', payload: {} })), { ok: false, message: 'j40 does email/send, which is no HTTP call.' });
    assert.equal(curlText(jobDetail({ payload: null })).ok, false);
  });
});
