import assert from 'node:assert/strict';
import { declaredSince, differingParts, holderOf, schedulerOf, type DeclarationRow } from '../../../../daemon/ledger/declarations.ts';

const minute = 60_000;

/** Machines that share a store, as time passes. */
class Machines {
  now = 1_000_000;
  #rows: DeclarationRow[] = [];

  /** The machine starts with those files, or they change. Its number is that of its name among those that have been. */
  declare(name: string, hash: string): void {
    const daemon = this.#rows.find((row) => row.name === name)?.daemon ?? this.#rows.length + 1;
    const since = declaredSince(this.#rows, { daemon, hash }, this.now);
    this.#rows = [...this.#rows.filter((row) => row.daemon !== daemon), { daemon, name, seen_at: this.now, closed: false, hash, since }];
  }

  close(name: string): void {
    this.#rows = this.#rows.map((row) => (row.name === name ? { ...row, closed: true } : row));
  }

  /** Those that aren't closed check in all the while. */
  pass(ms: number): void {
    this.now += ms;
    this.#rows = this.#rows.map((row) => (row.closed ? row : { ...row, seen_at: this.now }));
  }

  /** Which files hold, and who starts schedules. */
  get standing(): string {
    return `${holderOf(this.#rows, this.now)?.hash ?? 'none'}, ${schedulerOf(this.#rows, this.now)?.name ?? 'nobody'}`;
  }
}

describe('of what machines declare', () => {
  let machines: Machines;
  beforeEach(() => {
    machines = new Machines();
    machines.declare('a', 'old');
    machines.declare('b', 'old');
    machines.pass(minute);
  });

  it('the same holds, and the first of them starts schedules', () => {
    assert.equal(machines.standing, 'old, a');
  });

  it('what was changed last holds, on whichever machine, and that one starts schedules', () => {
    machines.declare('b', 'new');
    assert.equal(machines.standing, 'new, b');
    machines.pass(minute);
    machines.declare('a', 'new');
    assert.equal(machines.standing, 'new, a');
  });

  it('changes of the same moment are in an order all the same', () => {
    machines.declare('b', 'one');
    machines.declare('a', 'two');
    assert.equal(machines.standing, 'two, a');
  });

  it('a machine that is started again with its old files brings nothing back', () => {
    machines.declare('b', 'new');
    machines.close('a');
    machines.pass(minute);
    machines.declare('a', 'old');
    assert.equal(machines.standing, 'new, b');
  });

  it('a machine that nobody knows brings old files back as little', () => {
    machines.declare('b', 'new');
    machines.pass(minute);
    machines.declare('c', 'old');
    assert.equal(machines.standing, 'new, b');
  });

  it('a machine that nobody knows brings files that nobody knows', () => {
    machines.declare('c', 'new');
    assert.equal(machines.standing, 'new, c');
  });

  it('going back to old files is a change', () => {
    machines.declare('b', 'new');
    machines.pass(minute);
    machines.declare('b', 'old');
    assert.equal(machines.standing, 'old, a');
  });

  it('new files hold while their machine is started again, though another starts what schedules say', () => {
    machines.declare('b', 'new');
    machines.close('b');
    machines.pass(5 * minute);
    assert.equal(machines.standing, 'new, a');
    machines.declare('b', 'new');
    assert.equal(machines.standing, 'new, b');
  });

  it('those of a machine that is gone hold no longer, and do again if it comes back', () => {
    machines.declare('b', 'new');
    machines.close('b');
    machines.pass(11 * minute);
    assert.equal(machines.standing, 'old, a');
    machines.declare('b', 'new');
    assert.equal(machines.standing, 'new, b');
  });

  it('they differ in what one has and the other hasn\'t, or has otherwise', () => {
    assert.deepEqual(differingParts({ 'queue a': '1', 'queue b': '1', 'queue c': '1' }, { 'queue a': '1', 'queue b': '2', 'queue d': '1' }), ['queue b', 'queue c', 'queue d']);
  });
});
