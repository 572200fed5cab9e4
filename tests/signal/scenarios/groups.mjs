// Groups with sender keys, in both forms: loss, reordering and repetition, rotation, a message that another member
// forges, and the windows of each receiver.

// How far a receiver of each kind follows, how many keys it keeps, and how many distributions of one sender.
const WINDOWS = {
  latchstring: { jump: 2000, kept: 2000, states: 5 },
  libsignal_client: { jump: 25000, kept: 2000, states: 5 },
  by_hand: { jump: Infinity, kept: Infinity, states: 1 },
};

// What a receiver holds of one sender: distributions, newest last, each with the next number and the skipped ones.
class Reader {
  distributions = [];

  constructor(client, form) {
    this.client = client;
    this.kind = form === 'old' && client.kind !== 'latchstring' ? 'by_hand' : client.kind;
    this.windows = WINDOWS[this.kind];
  }

  learn(id, next) {
    this.distributions.push({ id, next, skipped: [] });
    this.distributions.splice(0, this.distributions.length - this.windows.states);
  }

  forward(id, next) {
    const known = this.distributions.find((one) => one.id === id);
    const is_near = next - known.next <= this.windows.jump;
    for (; is_near && known.next < next; known.next += 1) known.skipped.push(known.next);
    known.next = Math.max(known.next, next);
  }

  lost({ id, number }) {
    const known = this.distributions.find((one) => one.id === id);
    if (!known) return 'group states';
    if (number < known.next) return known.skipped.includes(number) ? null : 'group keys';
    return number - known.next > this.windows.jump ? 'group jump' : null;
  }

  opened({ id, number }) {
    const known = this.distributions.find((one) => one.id === id);
    if (number < known.next) {
      known.skipped.splice(known.skipped.indexOf(number), 1);
      return;
    }
    for (; known.next < number; known.next += 1) known.skipped.push(known.next);
    known.next += 1;
    known.skipped.splice(0, known.skipped.length - this.windows.kept);
  }
}

class Group {
  id = -1;
  number = 0;

  constructor(tally, form, group, sender, readers) {
    Object.assign(this, { tally, form, group, sender });
    this.readers = readers.map((client) => new Reader(client, form));
  }

  get common() {
    return { group: this.group, form: this.form };
  }

  // A new distribution, which everybody learns.
  async distribute() {
    await this.sender.ask('group_rotate', this.common);
    this.id += 1;
    this.number = 0;
    for (const reader of this.readers) {
      await this.tell(reader);
      reader.learn(this.id, 0);
    }
  }

  // Tells the distribution as it is, in the session of the two.
  async tell(reader, from = this.sender) {
    const told = await from.ask('group_tell', { to: reader.client.address, ...this.common });
    await reader.client.ask('group_learn', { from: from.address, ...this.common, ...told });
  }

  async send(text) {
    const { bytes } = await this.sender.ask('group_seal', { ...this.common, text });
    this.tally.sent += 1;
    const message = { id: this.id, number: this.number, text, bytes };
    // The old form's sender by hand passes over every second number.
    this.number += this.form === 'old' && this.sender.kind !== 'latchstring' && this.number > 0 ? 2 : 1;
    if (message.number > 0 && this.form === 'old' && this.sender.kind !== 'latchstring') message.number += 1;
    return message;
  }

  async deliver(reader, message, predicted, from = this.sender) {
    const window = reader.lost(message);
    const request = { from: from.address, ...this.common, bytes: message.bytes };
    const answer = await reader.client.try('group_open', request);
    const what = `${this.form} group, ${message.id}/${message.number}`;
    this.tally.judge(what, reader, predicted ?? window, answer, message.text);
    if (answer.text !== undefined) reader.opened(message);
  }

  async forge(reader, message, place) {
    const content = Buffer.from(message.bytes, 'hex');
    content[content.length - 1 - (place % content.length)] ^= 0x10;
    const window = reader.lost(message) ? 'forged and lost' : 'group forged';
    await this.deliver(reader, { ...message, bytes: content.toString('hex') }, window);
  }
}

export async function groups({ tally, pairs, client, random, messages }) {
  const { driver, peer } = pairs.find(({ version }) => version === 4);
  for (const form of ['ids', 'old']) {
    for (const [from, to] of [[driver, peer], [peer, driver]]) {
      const sender = await client(from);
      const readers = [await client(to), await client(to)];
      for (const reader of readers) await introduce(sender, reader);
      const make = () => new Group(tally, form, random.bytes(16).toString('hex'), sender, readers);
      await talk(make(), random, Math.min(messages, 400));
      await rotate(make());
      if (readers.some((reader) => new Reader(reader, form).kind !== 'by_hand')) await edges(make());
      await another_member(make(), await client(to));
    }
  }
  const kinds = new Set([driver.kind, peer.kind]);
  for (const kind of kinds) {
    tally.forced(...['jump', 'keys', 'states'].map((window) => `${kind} group ${window}`));
  }
}

async function introduce(from, to) {
  const bundle = await to.ask('bundle', { one_time: true, version: 4 });
  await from.ask('begin', { to: to.address, version: 4, bundle });
}

async function talk(group, random, messages) {
  await group.distribute();
  const waiting = [];
  for (let sent = 0; sent < messages; sent += 1) {
    const message = await group.send(random.bytes(random.below(60)).toString('hex'));
    for (const reader of group.readers) {
      if (!random.chance(20)) waiting.push([sent + (random.chance(30) ? random.below(40) : 0), reader, message]);
      if (random.chance(4)) waiting.push([sent + random.below(40), reader, message]);
    }
    for (const [at, reader, due] of waiting.splice(0)) {
      if (at > sent) {
        waiting.push([at, reader, due]);
        continue;
      }
      if (random.chance(5)) await group.forge(reader, due, random.below(80));
      await group.deliver(reader, due);
    }
    if (random.chance(1)) await group.distribute();
  }
  for (const [, reader, message] of waiting) await group.deliver(reader, message);
}

// Five distributions are held, the newest five; one that comes again keeps its progress.
async function rotate(group) {
  const [reader] = group.readers;
  const held = [];
  for (let count = 0; count < 7; count += 1) {
    await group.distribute();
    held.push(await group.send('d0'));
  }
  for (const message of held) await group.deliver(reader, message);
  await group.distribute();
  const message = await group.send('d1');
  await group.deliver(reader, message);
  await group.tell(reader);
  if (reader.kind !== 'by_hand') await group.deliver(reader, message);
}

async function edges(group) {
  const [reader] = group.readers;
  const { jump, kept } = reader.windows;
  await group.distribute();
  const held = [];
  while (held.length < kept + 8) held.push(await group.send('e0'));
  for (const at of [0, kept / 2 + 6, kept + 7]) await group.deliver(reader, held[at]);
  for (const at of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) await group.deliver(reader, held[at]);

  await group.distribute();
  const far = [];
  while (far.length < jump + 5) far.push(await group.send('e1'));
  await group.deliver(reader, far[0]);
  for (const message of far.slice(-5).reverse()) await group.deliver(reader, message);
  if (reader.kind === 'latchstring') await told_again(group, reader);
}

// A reader that is too far behind goes on once it is told again, and what lies between is lost; one that is near
// loses nothing.
async function told_again(group, reader) {
  for (const behind of [reader.windows.jump + 2, 5]) {
    await group.distribute();
    const late = [];
    while (late.length < behind) late.push(await group.send('e2'));
    await group.deliver(reader, late[0]);
    await group.tell(reader);
    reader.forward(group.id, group.number);
    await group.deliver(reader, late.at(-1));
    await group.deliver(reader, await group.send('e3'));
  }
}

// A member who knows the chain is not the sender: what it signs, or says to be the sender's, does not open.
async function another_member(group, other) {
  const [reader] = group.readers;
  const { common, sender } = group;
  await group.distribute();
  const message = await group.send('f0');
  await introduce(other, reader.client);
  await other.ask('group_rotate', common);
  await group.tell(reader, other);
  const forged = await other.ask('group_seal', { ...common, text: 'f1' });
  await group.deliver(reader, { ...message, ...forged, text: 'f1' }, 'other member');
  await group.deliver(reader, message, 'other member', other);
  await group.deliver(reader, message);
  const request = { from: other.address, ...common, bytes: forged.bytes };
  group.tally.judge('its own', reader, null, await reader.client.try('group_open', request), 'f1');
  group.tally.expect('the sender is another', sender.address.name !== other.address.name);
}
