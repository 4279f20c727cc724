import assert from 'node:assert/strict';
import { readProxies } from '../../../../daemon/actions/network-settings.ts';

describe('the proxies of the environment', () => {
  const read = (env: NodeJS.ProcessEnv): readonly (string | undefined)[] => {
    const { http, https } = readProxies(env);
    return [http?.href, https?.href];
  };

  it('are read with and without a scheme', () => {
    assert.deepEqual(read({ http_proxy: '127.0.0.1:3128' }), ['http://127.0.0.1:3128/', 'http://127.0.0.1:3128/']);
    assert.deepEqual(read({ HTTPS_PROXY: 'proxy.example.com:8080' }), [undefined, 'http://proxy.example.com:8080/']);
    assert.deepEqual(read({ http_proxy: 'localhost:3128', https_proxy: 'https://me:pw@proxy.example.com' }), ['http://localhost:3128/', 'https://me:pw@proxy.example.com/']);
    assert.deepEqual(read({ http_proxy: '[::1]:3128', https_proxy: 'socks5://127.0.0.1:1080' }), ['http://[::1]:3128/', 'socks5://127.0.0.1:1080']);
    assert.deepEqual(read({ HTTP_PROXY: 'me:pw@10.0.0.1:1' }), ['http://me:pw@10.0.0.1:1/', 'http://me:pw@10.0.0.1:1/']);
  });

  it('are none if nothing is said, and lower case wins', () => {
    assert.deepEqual(read({}), [undefined, undefined]);
    assert.deepEqual(read({ http_proxy: ' ', HTTP_PROXY: 'a:1' }), [undefined, undefined]);
    assert.deepEqual(read({ https_proxy: 'a:1', HTTPS_PROXY: 'b:1' }), [undefined, 'http://a:1/']);
    assert.deepEqual([readProxies({ NO_PROXY: 'a' }).except, readProxies({ no_proxy: 'b', NO_PROXY: 'a' }).except], ['a', 'b']);
  });

  it('are named where they are none, without their values', () => {
    for (const [name, value] of [['http_proxy', 'ftp://hunter2@a:1'], ['HTTPS_PROXY', 'http://'], ['HTTP_PROXY', 'hunter2@:x'], ['https_proxy', 'a b']] as const) {
      assert.throws(() => readProxies({ [name]: value }), (error: Error) => error.message.startsWith(`The environment variable ${name} names no proxy: write it as http://127.0.0.1:3128 `) && !error.message.includes('hunter2'));
    }
  });
});
