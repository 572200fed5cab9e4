// The npm package libsignal as a peer: version 3, as clients of WhatsApp's kind run it. Its session is kept as
// text, so each call is also a reload.

import { createRequire } from 'node:module';
import { bytes, hex, key_of } from './text.mjs';

// Its own words go to the console, which carries our lines.
for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {};

const libsignal = createRequire(import.meta.url)('libsignal');
const { curve, keyhelper, ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } = libsignal;

const address = ({ name, device }) => new ProtocolAddress(name, device);

// Its records hold no bytes: text is the form in which its users keep them.
class Store {
  sessions = new Map();
  known = new Map();
  one_time = new Map();

  constructor(identity, registration) {
    this.identity = identity;
    this.registration = registration;
  }

  getOurIdentity() {
    return this.identity;
  }

  getOurRegistrationId() {
    return this.registration;
  }

  // It asks by the name, with or without the device. An identity is taken on first use.
  isTrustedIdentity(id, key) {
    const name = id.replace(/\.\d+$/, '');
    const known = this.known.get(name);
    if (!known) this.known.set(name, hex(key));
    return !known || known === hex(key);
  }

  async loadSession(id) {
    const record = this.sessions.get(id);
    return record ? SessionRecord.deserialize(JSON.parse(record)) : undefined;
  }

  async storeSession(id, record) {
    this.sessions.set(id, JSON.stringify(record.serialize()));
  }

  async loadPreKey(id) {
    return this.one_time.get(Number(id));
  }

  async removePreKey(id) {
    this.one_time.delete(Number(id));
  }

  loadSignedPreKey() {
    return this.signed;
  }
}

export class Client {
  prekeys = 0;

  constructor({ name, device, registration }) {
    this.own = { name, device };
    this.store = new Store(keyhelper.generateIdentityKeyPair(), registration);
  }

  describe() {
    return { identity: hex(this.store.identity.pubKey) };
  }

  async bundle({ one_time }) {
    const id = ++this.prekeys;
    const signed = keyhelper.generateSignedPreKey(this.store.identity, id);
    this.store.signed = signed.keyPair;
    const bundle = {
      registration: this.store.registration,
      device: this.own.device,
      ...this.describe(),
      signed_id: id,
      signed_key: hex(signed.keyPair.pubKey),
      signed_signature: hex(signed.signature),
    };
    if (!one_time) return bundle;
    const once = keyhelper.generatePreKey(id);
    this.store.one_time.set(id, once.keyPair);
    return { ...bundle, one_time_id: id, one_time_key: hex(once.keyPair.pubKey) };
  }

  async begin({ to, version, bundle }) {
    if (version !== 3) throw new Error('version 3 is all that is here');
    const buffer = (text) => Buffer.from(text, 'hex');
    await new SessionBuilder(this.store, address(to)).initOutgoing({
      registrationId: bundle.registration,
      identityKey: buffer(bundle.identity),
      signedPreKey: {
        keyId: bundle.signed_id,
        publicKey: buffer(bundle.signed_key),
        signature: buffer(bundle.signed_signature),
      },
      preKey: bundle.one_time_key && {
        keyId: bundle.one_time_id,
        publicKey: buffer(bundle.one_time_key),
      },
    });
    return {};
  }

  encrypt(to, content) {
    return new SessionCipher(this.store, address(to)).encrypt(Buffer.from(content));
  }

  async seal({ to, text }) {
    const { type, body } = await this.encrypt(to, bytes(text));
    const content = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    return { kind: type === 3 ? 'prekey' : 'message', bytes: hex(content) };
  }

  async skip({ to, count }) {
    for (let left = count; left > 0; left -= 1) await this.encrypt(to, bytes('00'));
    return {};
  }

  async open({ from, kind, bytes: message }) {
    const cipher = new SessionCipher(this.store, address(from));
    const content = Buffer.from(message, 'hex');
    const text = await (kind === 'prekey'
      ? cipher.decryptPreKeyWhisperMessage(content)
      : cipher.decryptWhisperMessage(content));
    return { text: hex(text) };
  }

  async trust({ of, identity }) {
    this.store.known.set(of.name, identity);
    return {};
  }

  async archive({ of }) {
    await new SessionCipher(this.store, address(of)).closeOpenSession();
    return {};
  }

  async reload() {
    return {};
  }
}
