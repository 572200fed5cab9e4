// A conversation of two clients over one session, with the model beside it.

import { Side } from './model.mjs';
import { header, inner } from './wire.mjs';

export class Conversation {
  chains = new Map();

  constructor(tally, version, initiator, responder) {
    this.tally = tally;
    this.version = version;
    this.initiator = { client: initiator, model: new Side(initiator.kind, true), title: 'initiator' };
    this.responder = { client: responder, model: new Side(responder.kind, false), title: 'responder' };
  }

  async begin(one_time) {
    const { initiator, responder, version } = this;
    const bundle = await responder.client.ask('bundle', { one_time, version });
    await initiator.client.ask('begin', { to: responder.client.address, version, bundle });
  }

  other(side) {
    return side === this.initiator ? this.responder : this.initiator;
  }

  // Seals a message, and compares what is in clear with what the model says.
  async send(side, text = '6d') {
    const to = this.other(side).client.address;
    const envelope = await side.client.ask('seal', { to, text });
    const place = side.model.place();
    const clear = header(envelope.kind, Buffer.from(envelope.bytes, 'hex'));
    const message = { ...place, from: side, text, envelope, epoch: clear.epoch, index: clear.index };
    this.tally.sent += 1;
    this.check(side, message, clear);
    return message;
  }

  check(side, message, clear) {
    const { tally, version } = this;
    const name = `${side.title} ${message.chain}`;
    const ratchet = this.chains.get(name) ?? clear.ratchet;
    this.chains.set(name, ratchet);
    message.what = `${this.title}, ${side.title}'s ${message.chain}/${message.number}`;
    tally.expect(`${message.what}: version ${clear.version}`, clear.version === version);
    tally.expect(`${message.what}: another ratchet key`, clear.ratchet === ratchet);
    tally.expect(`${message.what}: number ${clear.number}`, clear.number === message.number);
    tally.expect(`${message.what}: previous ${clear.previous}`, clear.previous === message.previous);
    tally.expect(`${message.what}: a braid part`, (clear.index !== undefined) === (version === 4));
    if (clear.index === undefined) return;
    const index = side.model.index(clear.epoch);
    tally.expect(`${message.what}: index ${clear.index}, not ${index}`, clear.index === index);
    tally.epochs = Math.max(tally.epochs, clear.epoch);
  }

  get title() {
    return `${this.initiator.client.title} to ${this.responder.client.title}`;
  }

  // Predicts, delivers, and compares.
  async deliver(message) {
    const to = this.other(message.from);
    const window = to.model.lost(message);
    const answer = await this.open(to, message.envelope);
    this.tally.judge(message.what, to.client, window, answer, message.text);
    if (answer.text !== undefined) to.model.opened(message);
    return answer;
  }

  open(side, envelope) {
    return side.client.try('open', { from: this.other(side).client.address, ...envelope });
  }

  // A copy with a changed byte is refused, and changes nothing: the genuine one is delivered after it.
  async forge(message, place) {
    const content = Buffer.from(message.envelope.bytes, 'hex');
    const sealed = inner(message.envelope.kind, content);
    sealed[sealed.length - 1 - (place % 24)] ^= 0x40;
    const envelope = { ...message.envelope, bytes: content.toString('hex') };
    const to = this.other(message.from);
    // Its last 8 bytes are the MAC; before them is the ciphertext, or the braid's part.
    const forged = place % 24 < 8 ? 'forged' : 'changed';
    const window = to.model.lost(message) ? 'forged and lost' : forged;
    const answer = await this.open(to, envelope);
    this.tally.judge(`${message.what}, changed`, to.client, window, answer, '');
  }

  async skip(side, count) {
    await side.client.ask('skip', { to: this.other(side).client.address, count });
    side.model.skip(count);
  }

  // A message there and one back.
  async round(first) {
    await this.deliver(await this.send(first));
    await this.deliver(await this.send(this.other(first)));
  }
}
