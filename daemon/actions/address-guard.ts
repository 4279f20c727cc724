import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Why an address may be connected to, or may not. Named, so that a refusal can be explained and counted. */
export type AddressDecision =
  | 'allowed'
  | 'allowed-by-list'
  | 'denied-not-listed'
  | 'denied-own-port'
  | 'denied-link-local'
  | 'denied-cloud-metadata'
  | 'denied-unspecified'
  | 'denied-multicast'
  | 'denied-broadcast'
  | 'denied-malformed';

export interface AddressGuardOptions {
  /**
   * Host names, addresses or CIDR blocks. Undefined allows all but what is always denied; an entry that can't be read
   * matches nothing.
   */
  readonly allowedAddresses?: readonly string[] | undefined;
  /** Ports that the daemon itself listens on. Read at each decision, so the set may grow after the start. */
  readonly ownPorts?: ReadonlySet<number> | undefined;
}

/** Metadata and credential services outside the link-local blocks. */
const metadataAddresses: ReadonlySet<string> = new Set([
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS, EKS pod identity
  'fd20:ce::254', // Google Cloud
  '192.0.0.192', // Oracle Cloud
  'fd00:c1::a9fe:a9fe', // Oracle Cloud
  'fd00:42::42', // Scaleway
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure, wire server
]);

const localNat64 = ipaddr.IPv6.parse('64:ff9b:1::');

const denialWords: Readonly<Record<Exclude<AddressDecision, 'allowed' | 'allowed-by-list'>, string>> = {
  'denied-not-listed': "isn't among the allowed addresses of .sluice/config.yaml",
  'denied-own-port': "is the daemon's own",
  'denied-link-local': 'is link-local, where cloud metadata services live',
  'denied-cloud-metadata': 'is a cloud metadata service',
  'denied-unspecified': 'is the unspecified address',
  'denied-multicast': 'is a multicast address',
  'denied-broadcast': 'is the broadcast address',
  'denied-malformed': 'is not an address',
};

/**
 * Decides where outgoing calls may go, after Smokescreen's `classifyAddr`. It judges addresses, never names alone:
 * anyone who connects asks about the very address that is connected to, so no second look-up can slip in between.
 *
 * An address or block that is listed may be link-local. A listed host name may not lead there: whoever answers for that
 * name would decide.
 */
export class AddressGuard {
  readonly #blocks: readonly (readonly [Address, number])[];
  readonly #hosts: ReadonlySet<string>;
  readonly #restricted: boolean;
  readonly #ownPorts: ReadonlySet<number>;

  constructor({ allowedAddresses, ownPorts = new Set() }: AddressGuardOptions = {}) {
    const blocks: (readonly [Address, number])[] = [];
    const hosts = new Set<string>();
    for (const entry of allowedAddresses ?? []) {
      const block = readBlock(entry.trim());
      if (block === undefined) hosts.add(canonicalHost(entry.trim()));
      else blocks.push(block);
    }
    this.#blocks = blocks;
    this.#hosts = hosts;
    this.#restricted = allowedAddresses !== undefined;
    this.#ownPorts = ownPorts;
  }

  /** Judges one address and port; `host` is the name that led there, if one did. */
  classify(address: string, port: number, host?: string): AddressDecision {
    const ip = readAddress(address);
    if (ip === undefined) return 'denied-malformed';
    // A router may take it to one of these, whatever else the address says.
    for (const carried of carriedAddresses(ip)) {
      const decision = this.#judge(carried, port, host);
      if (decision === 'denied-link-local' || decision === 'denied-cloud-metadata' || decision === 'denied-own-port') return decision;
    }
    return this.#judge(ip, port, host);
  }

  #judge(ip: Address, port: number, host: string | undefined): AddressDecision {
    const range = ip.range();
    if (range === 'unspecified') return 'denied-unspecified';
    if (range === 'multicast') return 'denied-multicast';
    if (range === 'broadcast') return 'denied-broadcast';
    if (this.#ownPorts.has(port) && isThisMachine(ip)) return 'denied-own-port';
    if (this.#blocks.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits))) return 'allowed-by-list';
    if (range === 'linkLocal') return 'denied-link-local';
    if (metadataAddresses.has(ip.toString())) return 'denied-cloud-metadata';
    if (!this.#restricted) return 'allowed';
    return host !== undefined && this.#hosts.has(canonicalHost(host)) ? 'allowed-by-list' : 'denied-not-listed';
  }

  /** What can be said of a host before it is resolved: for proxies, which resolve it out of our sight. */
  classifyHost(host: string, port: number): AddressDecision {
    const bare = canonicalHost(host);
    if (isIP(bare) !== 0) return this.classify(bare, port);
    if (bare === 'localhost' && this.#ownPorts.has(port)) return 'denied-own-port';
    if (!this.#restricted) return 'allowed';
    return this.#hosts.has(bare) ? 'allowed-by-list' : 'denied-not-listed';
  }
}

export function isAllowed(decision: AddressDecision): decision is 'allowed' | 'allowed-by-list' {
  return decision === 'allowed' || decision === 'allowed-by-list';
}

/** A call that the guard refused. Its `code` marks it among the errors of sockets. */
export class AddressDeniedError extends Error {
  readonly code = 'ADDRESS_DENIED';
  readonly decision: AddressDecision;

  constructor(host: string, address: string, port: number, decision: AddressDecision) {
    const where = host === address ? `${host} port ${port}` : `${host} (${address}) port ${port}`;
    super(`${where} may not be called: it ${isAllowed(decision) ? 'is allowed' : denialWords[decision]}`);
    this.name = 'AddressDeniedError';
    this.decision = decision;
  }
}

function canonicalHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function readBlock(entry: string): readonly [Address, number] | undefined {
  const bare = canonicalHost(entry);
  const [address = '', bits, ...rest] = bare.split('/');
  if (isIP(address) === 0 || rest.length > 0) return undefined;
  const network = ipaddr.parse(address);
  const width = network.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [network, width];
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity;
  return prefix <= width ? [network, prefix] : undefined;
}

/** `isIP` first: it refuses the octal and shortened forms that ipaddr.js would read in its own way. */
function readAddress(address: string): Address | undefined {
  return isIP(address) === 0 ? undefined : unembed(ipaddr.parse(address));
}

/**
 * The IPv4 address that an IPv6 address stands for, where it stands for one: mapped and compatible (RFC 4291, 2.5.5),
 * NAT64 (RFC 6052), IPv4-translated (RFC 6145), 6to4 (RFC 3056) and Teredo (RFC 4380, with the client's address
 * inverted). Otherwise they would be ways around the guard.
 */
function unembed(ip: Address): Address {
  if (!(ip instanceof ipaddr.IPv6)) return ip;
  const bytes = ip.toByteArray();
  switch (ip.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
      return new ipaddr.IPv4(bytes.slice(12));
    case 'rfc6052':
      return ip.match(localNat64, 48) ? ip : new ipaddr.IPv4(bytes.slice(12));
    case '6to4':
      return new ipaddr.IPv4(bytes.slice(2, 6));
    case 'teredo':
      return new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff));
    default: {
      const compatible = bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 14).some((byte) => byte !== 0);
      return compatible ? new ipaddr.IPv4(bytes.slice(12)) : ip;
    }
  }
}

/**
 * IPv4 addresses that an IPv6 address of any network may carry: ISATAP, by its interface identifier (RFC 5214, 6.1), and NAT64 in a
 * network's own prefix (RFC 8215), behind a prefix of 96 or of 48 bits. The address itself counts as well, because only the network knows.
 */
function carriedAddresses(ip: Address): readonly Address[] {
  if (!(ip instanceof ipaddr.IPv6)) return [];
  const bytes = ip.toByteArray();
  const last = bytes.slice(12);
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) return [new ipaddr.IPv4(last)];
  if (!ip.match(localNat64, 48)) return [];
  return [new ipaddr.IPv4(last), new ipaddr.IPv4([...bytes.slice(6, 8), ...bytes.slice(9, 11)])];
}

/** Asked for the daemon's own ports only, so it may cost a system call. */
function isThisMachine(ip: Address): boolean {
  if (ip.range() === 'loopback') return true;
  const text = ip.toString();
  // If that can't be read, any may be this machine's.
  return ownInterfaces()?.some(({ address }) => readAddress(address)?.toString() === text) ?? true;
}

/** The addresses of this machine; undefined if they can't be read, because asking takes a file descriptor as well. */
export function ownInterfaces(): readonly NetworkInterfaceInfo[] | undefined {
  try {
    return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  } catch {
    return undefined;
  }
}
