// Sealed sender, both forms, both ways: the envelope tells who certifies to have sent it, and what is inside opens
// as if it had come in the open.

import { key_of } from '../peers/text.mjs';
import { header } from '../wire.mjs';

const NOW = 1_800_000_000_000;
const GROUP = 'ab'.repeat(16);

export async function sealed_sender({ tally, pairs, client }) {
  const { version, driver, peer } = pairs.find((one) => one.version === 4);
  const authority = await client(peer);
  for (const [from, to] of [[driver, peer], [peer, driver]]) {
    for (const form of [1, 2]) {
      const sender = await client(from);
      const receivers = [await client(to), await client(to)];
      for (const receiver of receivers) {
        const bundle = await receiver.ask('bundle', { one_time: true, version });
        await sender.ask('begin', { to: receiver.address, version, bundle });
      }
      const { address, identity } = sender;
      const own = { ...address, identity, expires: NOW + 1000 };
      const { root, certificate } = await authority.ask('certificate', own);
      await run(new Sealed(tally, { form, sender, root, certificate, authority }), receivers);
    }
  }
}

class Sealed {
  constructor(tally, setting) {
    Object.assign(this, { tally, ...setting });
  }

  async seal(receivers, request) {
    const { form, sender, certificate } = this;
    const [to] = receivers.map(({ address }) => address);
    const many = form === 2 ? { recipients: receivers.map(({ address, registration }) => ({ ...address, registration })) } : {};
    const sealed = { to, envelope: form, certificate, hint: 0, ...many, ...request };
    const { bytes } = await sender.ask('sealed_seal', sealed);
    this.tally.sent += 1;
    if (form === 1) return [bytes];
    const { parts } = await this.authority.ask('sealed_split', { bytes });
    return receivers.map(({ address }) => parts[address.name]);
  }

  async unseal(receiver, bytes, request) {
    const { root, sender, tally } = this;
    const opened = await receiver.try('sealed_open', { root, now: NOW, bytes });
    tally.delivered += 1;
    const what = `${receiver.title}, form ${this.form}, ${request.kind}`;
    tally.expect(`${what}: ${opened.error} ${opened.reason}`, !opened.error);
    if (opened.error) return opened;
    tally.expect(`${what}: sender`, key_of(opened.from) === key_of(sender.address));
    tally.expect(`${what}: kind ${opened.kind}`, opened.kind === request.kind);
    tally.expect(`${what}: hint ${opened.hint}`, opened.hint === (request.hint ?? 0));
    tally.expect(`${what}: group ${opened.group}`, opened.group === request.group);
    return opened;
  }

  async refused(receiver, bytes, change, why) {
    const request = { root: this.root, now: NOW, bytes, ...change };
    const answer = await receiver.try('sealed_open', request);
    this.tally.judge(`form ${this.form}`, receiver, why, answer.error ? answer : { text: '' }, '');
  }
}

async function run(sealed, [receiver, other]) {
  const { tally, sender, authority, form } = sealed;
  const from = sender.address;
  for (const [text, hint, group] of [['a1', 0], ['a2', 1, GROUP], ['a3', 2]]) {
    const request = { kind: 'prekey', text, hint, group };
    const [bytes] = await sealed.seal([receiver], request);
    await sealed.refused(receiver, bytes, { now: NOW + 2000 }, 'expired certificate');
    await sealed.refused(receiver, bytes, { root: authority.identity }, 'other root');
    await sealed.refused(other, bytes, {}, 'other recipient');
    for (const place of [1, 40, 90, 200]) {
      const at = Math.min(2 * place, bytes.length - 2);
      const changed = bytes.slice(0, at) + (bytes.slice(at, at + 2) === '77' ? '78' : '77') + bytes.slice(at + 2);
      await sealed.refused(receiver, changed, {}, 'altered');
    }
    const { kind, bytes: content } = await sealed.unseal(receiver, bytes, request);
    tally.judge('sealed', receiver, null, await receiver.try('open', { from, kind, bytes: content }), text);
  }

  const answer = await receiver.ask('seal', { to: from, text: 'b1' });
  const open = await sender.try('open', { from: receiver.address, ...answer });
  tally.judge('an answer', sender, null, open, 'b1');
  const message = { kind: 'message', text: 'b2' };
  const [bytes] = await sealed.seal([receiver], message);
  const opened = await sealed.unseal(receiver, bytes, message);
  const inner = { from, kind: 'message', bytes: opened.bytes };
  tally.judge('a message', receiver, null, await receiver.try('open', inner), 'b2');

  // A decryption error of the message that was just answered.
  const { ratchet } = header(answer.kind, Buffer.from(answer.bytes, 'hex'));
  const asked = await sender.ask('error_make', { ...answer, ratchet, timestamp: NOW, device: 1 });
  const plaintext = { kind: 'plaintext', bytes: asked.bytes };
  const [error] = await sealed.seal([receiver], plaintext);
  const inside = await sealed.unseal(receiver, error, plaintext);
  tally.expect('the error as it was', inside.bytes === asked.bytes);
  tally.expect('the ratchet key of the error', asked.bytes.includes(ratchet));

  // A group's message: one body for both, where the form has that.
  const common = { group: GROUP, form: 'ids' };
  const all = [receiver, other];
  await sender.ask('group_rotate', common);
  for (const one of all) {
    const told = await sender.ask('group_tell', { to: one.address, ...common });
    await one.ask('group_learn', { from, ...common, ...told });
  }
  const group = { kind: 'sender_key', text: 'c1', hint: 1, ...common };
  const readers = form === 2 ? all : [receiver];
  const parts = await sealed.seal(readers, group);
  for (const [at, reader] of readers.entries()) {
    const read = await sealed.unseal(reader, parts[at], group);
    const request = { from, ...common, bytes: read.bytes };
    tally.judge('a group message', reader, null, await reader.try('group_open', request), 'c1');
  }
}
