// The model: from the log of what was sent and opened it says of each message, before anybody is asked, whether
// its receiver opens it, and if not, which of the receiver's named windows it fell out of. The keys themselves
// are not looked at.
//
// A message is { chain, number, previous, epoch, index }: the chain of its sender, counted from 0, its number in
// it, the last number of the chain before (0 for none), and of the post-quantum chains the epoch and the index.

// What a chain's receiver remembers: the next number to come, and the numbers passed over, lowest first.
class Chain {
  next = 0;
  skipped = [];

  constructor(id) {
    this.id = id;
  }

  // Passes over what is before `number`.
  walk(number) {
    for (; this.next < number; this.next += 1) this.skipped.push(this.next);
  }

  // Takes the key of `number`, which is there.
  take(number) {
    if (number < this.next) {
      this.skipped.splice(this.skipped.indexOf(number), 1);
    } else {
      this.walk(number);
      this.next = number + 1;
    }
  }

  lacks(number) {
    return number < this.next && !this.skipped.includes(number);
  }
}

// Windows over the post-quantum chains, one for each epoch.
class EpochChains {
  chains = new Map();

  // The window that a message fell out of, if any. `sending` is the receiver's own sending epoch.
  lost({ epoch, index }, sending, windows) {
    if (epoch < sending - 1) return 'epochs';
    const chain = this.chains.get(epoch) ?? this.fresh(epoch);
    if (index - chain.next > windows.jump) return 'post-quantum jump';
    if (chain.next - 1 - index > windows.distance) return 'post-quantum keys';
    return chain.lacks(index) ? 'post-quantum keys' : null;
  }

  take({ epoch, index }, windows) {
    if (!this.chains.has(epoch)) this.chains.set(epoch, this.fresh(epoch));
    this.chains.get(epoch).take(index);
    trim([...this.chains.values()], windows.kept);
  }

  // Indices begin at 1.
  fresh(epoch) {
    return Object.assign(new Chain(epoch), { next: 1 });
  }

  forget(sending) {
    for (const epoch of this.chains.keys()) if (epoch < sending - 1) this.chains.delete(epoch);
  }
}

// Drops the oldest keys over the bound.
function trim(chains, bound) {
  let over = chains.reduce((sum, chain) => sum + chain.skipped.length, 0) - bound;
  for (const chain of chains) over -= over > 0 ? chain.skipped.splice(0, over).length : 0;
}

// What all receivers have: chains, oldest first, and of whom each is the newest.
class Receiver {
  chains = [];
  epochs = new EpochChains();

  get current() {
    return this.chains.at(-1);
  }

  known(id) {
    return this.chains.find((chain) => chain.id === id);
  }

  // The window that a message fell out of, if any; nothing changes.
  lost(message, sending) {
    const chain = this.known(message.chain);
    if (!chain && message.chain <= this.newest) return this.aged?.has(message.chain) ? 'age' : 'chains';
    if (chain?.lacks(message.number)) return 'keys';
    const far = this.far(message, chain);
    if (far) return far;
    return message.index ? this.epochs.lost(message, sending, this.windows.epochs) : null;
  }

  get newest() {
    return this.current?.id ?? -1;
  }

  // A message was opened: whether it began a chain.
  opened(message) {
    const is_new = !this.known(message.chain);
    if (is_new) this.begin(message);
    this.known(message.chain).take(message.number);
    this.keep();
    if (message.index) this.epochs.take(message, this.windows.epochs);
    return is_new;
  }

  sent(epoch) {
    this.epochs.forget(epoch);
  }
}

// In version 4 the distance of the post-quantum keys is never wider than the keys that are kept of a chain.
class LibsignalClient extends Receiver {
  windows = { jump: 25000, kept: 2000, chains: 5, epochs: { jump: 24999, distance: 2000, kept: Infinity } };

  far({ number }, chain) {
    return number - (chain?.next ?? 0) > this.windows.jump ? 'jump' : null;
  }

  begin({ chain }) {
    this.chains.push(new Chain(chain));
    this.chains.splice(0, this.chains.length - this.windows.chains);
  }

  keep() {
    for (const chain of this.chains) trim([chain], this.windows.kept);
  }
}

class Libsignal extends Receiver {
  windows = { jump: 2000 };

  // It counts from the last number that came, and closes the chain before by the previous counter.
  far({ number, previous }, chain) {
    const { jump } = this.windows;
    if (number - ((chain?.next ?? 0) - 1) > jump) return 'jump';
    if (!chain && this.current && previous - (this.current.next - 1) > jump) return 'closing';
    return null;
  }

  begin({ chain, previous }) {
    this.current?.walk(previous + 1);
    this.chains.push(new Chain(chain));
  }

  keep() {}
}

class Latchstring extends Receiver {
  windows = {
    skip: 2000,
    skipped: 2000,
    closed: 5,
    age: 64,
    epochs: { jump: 2000, distance: Infinity, kept: 2000 },
  };

  aged = new Set();

  // A closed chain was walked to its end when it closed.
  far({ number, previous }, chain) {
    const { skip } = this.windows;
    if (chain) return number - chain.next > skip ? 'jump' : null;
    if (number > skip) return 'jump';
    return this.closing(previous) + number > skip ? 'closing' : null;
  }

  closing(previous) {
    return this.current ? Math.max(previous + 1 - this.current.next, 0) : 0;
  }

  begin({ chain: id, previous }) {
    this.current?.walk(previous + 1);
    const closed = this.chains.slice(0, -1);
    const is_old = (chain) => id - chain.id > this.windows.age;
    const young = closed.filter((chain) => !is_old(chain));
    for (const chain of closed.filter(is_old)) this.aged.add(chain.id);
    if (young.length === closed.length && closed.length === this.windows.closed) {
      const bare = young.findIndex((chain) => chain.skipped.length === 0);
      young.splice(Math.max(bare, 0), 1);
    }
    this.chains = [...young, ...this.chains.slice(-1), new Chain(id)];
  }

  keep() {
    trim(this.chains, this.windows.skipped);
  }
}

const RECEIVERS = { latchstring: Latchstring, libsignal_client: LibsignalClient, libsignal: Libsignal };

// One side of a session: what it sends next, and what it opens.
export class Side {
  chain = -1;
  number = 0;
  previous = 0;
  epoch = 0;
  indices = new Map();

  constructor(kind, initiates) {
    this.receiver = new RECEIVERS[kind]();
    this.turns = initiates;
  }

  // The place of the message that it sends now.
  place() {
    if (this.turns) {
      this.previous = Math.max(this.number - 1, 0);
      this.chain += 1;
      this.number = 0;
      this.turns = false;
    }
    const place = { chain: this.chain, number: this.number, previous: this.previous };
    this.number += 1;
    return place;
  }

  // It sent in this epoch: the index that the message must have.
  index(epoch) {
    const index = (this.indices.get(epoch) ?? 0) + 1;
    this.indices.set(epoch, index);
    this.epoch = epoch;
    this.receiver.sent(epoch);
    return index;
  }

  // Nobody gets the next messages. The epoch is that of the last one: it moves only with what is received.
  skip(count) {
    if (this.turns || this.number === 0) throw new Error('what is skipped must follow a message');
    this.number += count;
    const index = this.indices.get(this.epoch);
    if (index) this.indices.set(this.epoch, index + count);
  }

  lost(message) {
    return this.receiver.lost(message, this.epoch);
  }

  opened(message) {
    if (this.receiver.opened(message)) this.turns = true;
  }
}
