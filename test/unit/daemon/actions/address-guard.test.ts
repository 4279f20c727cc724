import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { AddressGuard, type AddressDecision } from '../../../../daemon/actions/address-guard.ts';

describe('AddressGuard', () => {
  const ownPort = 4711;
  const open: readonly (readonly [string, number, AddressDecision])[] = [
    ['93.184.216.34', 443, 'allowed'],
    ['2606:2800:220:1::1', 443, 'allowed'],
    ['127.0.0.1', 8080, 'allowed'],
    ['::1', 8080, 'allowed'],
    ['10.1.2.3', 80, 'allowed'],
    ['192.168.1.1', 80, 'allowed'],
    ['100.64.0.1', 80, 'allowed'],
    ['fd00::1', 80, 'allowed'],
    ['169.254.0.1', 80, 'denied-link-local'],
    ['169.254.169.254', 80, 'denied-link-local'],
    ['::ffff:169.254.169.254', 80, 'denied-link-local'],
    ['::ffff:a9fe:a9fe', 80, 'denied-link-local'],
    ['::a9fe:a9fe', 80, 'denied-link-local'],
    ['64:ff9b::a9fe:a9fe', 80, 'denied-link-local'],
    ['2002:a9fe:a9fe::1', 80, 'denied-link-local'],
    ['2001:0:4136:e378:8000:63bf:5601:5601', 80, 'denied-link-local'],
    ['fe80::1', 80, 'denied-link-local'],
    ['fe80::1%eth0', 80, 'denied-link-local'],
    ['febf::1', 80, 'denied-link-local'],
    ['fd00:ec2::254', 80, 'denied-cloud-metadata'],
    ['fd00:ec2::23', 80, 'denied-cloud-metadata'],
    ['fd20:ce::254', 80, 'denied-cloud-metadata'],
    ['fd20:ce:0:0:0:0:0:254', 80, 'denied-cloud-metadata'],
    ['fd20:ce::253', 80, 'allowed'],
    ['192.0.0.192', 80, 'denied-cloud-metadata'],
    ['::ffff:192.0.0.192', 80, 'denied-cloud-metadata'],
    ['fd00:c1::a9fe:a9fe', 80, 'denied-cloud-metadata'],
    ['fd00:42::42', 80, 'denied-cloud-metadata'],
    ['2001:db8::5efe:169.254.169.254', 80, 'denied-link-local'],
    ['2001:db8::200:5efe:a9fe:a9fe', 80, 'denied-link-local'],
    ['fd00::5efe:100.100.100.200', 80, 'denied-cloud-metadata'],
    ['2606:2800:220:1:0:5efe:5db8:d822', 443, 'allowed'],
    ['64:ff9b:1::a9fe:a9fe', 80, 'denied-link-local'],
    ['64:ff9b:1:a9fe:a9:fe00::', 80, 'denied-link-local'],
    ['64:ff9b:1:808:8:800:5db8:d822', 80, 'allowed'],
    ['2001:db8::5efe:127.0.0.1', ownPort, 'denied-own-port'],
    ['100.100.100.200', 80, 'denied-cloud-metadata'],
    ['168.63.129.16', 80, 'denied-cloud-metadata'],
    ['0.0.0.0', 80, 'denied-unspecified'],
    ['0.1.2.3', 80, 'denied-unspecified'],
    ['::', 80, 'denied-unspecified'],
    ['::ffff:0.0.0.0', 80, 'denied-unspecified'],
    ['224.0.0.1', 80, 'denied-multicast'],
    ['239.255.255.255', 80, 'denied-multicast'],
    ['ff02::1', 80, 'denied-multicast'],
    ['255.255.255.255', 80, 'denied-broadcast'],
    ['127.0.0.1', ownPort, 'denied-own-port'],
    ['127.9.9.9', ownPort, 'denied-own-port'],
    ['::1', ownPort, 'denied-own-port'],
    ['::ffff:127.0.0.1', ownPort, 'denied-own-port'],
    ['::ffff:7f00:1', ownPort, 'denied-own-port'],
    ['93.184.216.34', ownPort, 'allowed'],
    ['example.com', 80, 'denied-malformed'],
    ['', 80, 'denied-malformed'],
    ['127.1', 80, 'denied-malformed'],
    ['0177.0.0.1', 80, 'denied-malformed'],
  ];
  for (const [address, port, decision] of open) {
    it(`without a list: ${JSON.stringify(address)} port ${port} is ${decision}`, () => {
      assert.equal(new AddressGuard({ ownPorts: new Set([ownPort]) }).classify(address, port), decision);
    });
  }

  const listed = ['api.example.com', 'Trailing.Example.com.', '10.0.0.0/8', '192.0.2.7', 'fd00::/8', '169.254.169.254', '300.0.0.0/8', '10.0.0.0/99'];
  const restricted: readonly (readonly [string, string | undefined, AddressDecision])[] = [
    ['10.255.0.1', undefined, 'allowed-by-list'],
    ['::ffff:10.255.0.1', undefined, 'allowed-by-list'],
    ['192.0.2.7', undefined, 'allowed-by-list'],
    ['192.0.2.8', undefined, 'denied-not-listed'],
    ['fd12::1', undefined, 'allowed-by-list'],
    ['2606::1', undefined, 'denied-not-listed'],
    ['93.184.216.34', 'api.example.com', 'allowed-by-list'],
    ['93.184.216.34', 'API.example.COM.', 'allowed-by-list'],
    ['93.184.216.34', 'trailing.example.com', 'allowed-by-list'],
    ['93.184.216.34', 'evil.example.com', 'denied-not-listed'],
    ['93.184.216.34', undefined, 'denied-not-listed'],
    ['10.0.0.1', 'evil.example.com', 'allowed-by-list'],
    ['2606::5efe:10.0.0.1', undefined, 'denied-not-listed'],
    ['fd00::5efe:10.0.0.1', undefined, 'allowed-by-list'],
    ['fd00::5efe:8.8.8.8', undefined, 'allowed-by-list'],
    ['fd00::5efe:169.254.1.1', undefined, 'denied-link-local'],
    ['169.254.169.254', undefined, 'allowed-by-list'],
    ['169.254.169.253', undefined, 'denied-link-local'],
    ['169.254.169.253', 'api.example.com', 'denied-link-local'],
    ['0.0.0.0', 'api.example.com', 'denied-unspecified'],
  ];
  for (const [address, host, decision] of restricted) {
    it(`with a list: ${address}${host === undefined ? '' : ` through ${host}`} is ${decision}`, () => {
      assert.equal(new AddressGuard({ allowedAddresses: listed }).classify(address, 80, host), decision);
    });
  }

  it('denies its own port on every address of the machine, listed or not', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []).map(({ address }) => address).filter((address) => !address.startsWith('fe80'));
    assert.ok(addresses.length > 0);
    const guard = new AddressGuard({ ownPorts: new Set([ownPort]), allowedAddresses: [...addresses, '127.0.0.0/8'] });
    for (const address of addresses) assert.equal(guard.classify(address, ownPort), 'denied-own-port');
  });

  it('reads its own ports at each decision', () => {
    const ownPorts = new Set<number>();
    const guard = new AddressGuard({ ownPorts });
    assert.equal(guard.classify('127.0.0.1', 80), 'allowed');
    ownPorts.add(80);
    assert.equal(guard.classify('127.0.0.1', 80), 'denied-own-port');
  });

  it('allows nothing with an empty list', () => {
    assert.equal(new AddressGuard({ allowedAddresses: [] }).classify('93.184.216.34', 80), 'denied-not-listed');
  });

  it('judges hosts as they are written, for proxies', () => {
    const guard = new AddressGuard({ ownPorts: new Set([ownPort]) });
    assert.equal(guard.classifyHost('example.com', 80), 'allowed');
    assert.equal(guard.classifyHost('[::ffff:a9fe:a9fe]', 80), 'denied-link-local');
    assert.equal(guard.classifyHost('localhost', ownPort), 'denied-own-port');
    assert.equal(new AddressGuard({ allowedAddresses: ['a.example'] }).classifyHost('b.example', 80), 'denied-not-listed');
  });
});
