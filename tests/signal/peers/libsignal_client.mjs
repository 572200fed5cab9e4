// The npm package @signalapp/libsignal-client as a peer: version 4, groups, fingerprints, sealed sender and
// decryption errors. Every state that it keeps is kept in bytes, so each call is also a reload.

import * as signal from '@signalapp/libsignal-client';
import SentMessage from '@signalapp/libsignal-client/dist/SealedSenderMultiRecipientMessage.js';
import { group_open_old, group_seal_old, OldGroup } from './old_groups.mjs';
import { bytes, hex, key_of } from './text.mjs';

const KINDS = { prekey: 3, message: 2, sender_key: 7, plaintext: 8 };
const NAMES = Object.fromEntries(Object.entries(KINDS).map(([name, number]) => [number, name]));

const uuid = (text) => text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const address = ({ name, device }) => signal.ProtocolAddress.new(name, device);
const text_of = (content) => ({ text: hex(content) });

class Sessions extends signal.SessionStore {
  records = new Map();

  async saveSession(name, record) {
    this.records.set(name.toString(), record.serialize());
  }

  async getSession(name) {
    const record = this.records.get(name.toString());
    return record ? signal.SessionRecord.deserialize(record) : null;
  }

  async getExistingSessions(names) {
    return Promise.all(names.map((name) => this.getSession(name)));
  }
}

class Identities extends signal.IdentityKeyStore {
  known = new Map();

  constructor(key, registration) {
    super();
    this.key = key;
    this.registration = registration;
  }

  async getIdentityKey() {
    return this.key;
  }

  async getLocalRegistrationId() {
    return this.registration;
  }

  async saveIdentity(name, key) {
    const before = this.known.get(name.toString());
    this.known.set(name.toString(), key);
    return before && !before.equals(key) ? 1 : 0;
  }

  // An identity is taken on first use, and replaced by nobody but the user.
  async isTrustedIdentity(name, key) {
    const known = this.known.get(name.toString());
    return !known || known.equals(key);
  }

  async getIdentity(name) {
    return this.known.get(name.toString()) ?? null;
  }
}

function found(records, id) {
  if (!records.has(id)) throw new Error(`there is no prekey ${id}`);
  return records.get(id);
}

class OneTimePrekeys extends signal.PreKeyStore {
  records = new Map();

  async savePreKey(id, record) {
    this.records.set(id, record);
  }

  async getPreKey(id) {
    return found(this.records, id);
  }

  async removePreKey(id) {
    this.records.delete(id);
  }
}

class SignedPrekeys extends signal.SignedPreKeyStore {
  records = new Map();

  async saveSignedPreKey(id, record) {
    this.records.set(id, record);
  }

  async getSignedPreKey(id) {
    return found(this.records, id);
  }
}

class KemPrekeys extends signal.KyberPreKeyStore {
  records = new Map();
  used = new Set();

  async saveKyberPreKey(id, record) {
    this.records.set(id, record);
  }

  async getKyberPreKey(id) {
    return found(this.records, id);
  }

  async markKyberPreKeyUsed(id, signed_id, base) {
    const use = `${id} ${signed_id} ${hex(base.serialize())}`;
    if (this.used.has(use)) throw new Error('this first message was here before');
    this.used.add(use);
  }
}

class SenderKeys extends signal.SenderKeyStore {
  records = new Map();

  async saveSenderKey(sender, group, record) {
    this.records.set(`${sender.toString()} ${group}`, record.serialize());
  }

  async getSenderKey(sender, group) {
    const record = this.records.get(`${sender.toString()} ${group}`);
    return record ? signal.SenderKeyRecord.deserialize(record) : null;
  }
}

export class Client {
  sessions = new Sessions();
  one_time = new OneTimePrekeys();
  signed = new SignedPrekeys();
  kem = new KemPrekeys();
  sender_keys = new SenderKeys();
  old_groups = new Map();
  prekeys = 0;

  constructor({ name, device, registration }) {
    this.own = address({ name, device });
    this.key = signal.PrivateKey.generate();
    this.identities = new Identities(this.key, registration);
  }

  describe() {
    return { identity: hex(this.key.getPublicKey().serialize()) };
  }

  async bundle({ one_time }) {
    const id = ++this.prekeys;
    const now = Date.now();
    const signed = signal.PrivateKey.generate();
    const signed_key = signed.getPublicKey();
    const signed_signature = this.key.sign(signed_key.serialize());
    await this.signed.saveSignedPreKey(
      id,
      signal.SignedPreKeyRecord.new(id, now, signed_key, signed, signed_signature),
    );
    const kem = signal.KEMKeyPair.generate();
    const kem_signature = this.key.sign(kem.getPublicKey().serialize());
    await this.kem.saveKyberPreKey(id, signal.KyberPreKeyRecord.new(id, now, kem, kem_signature));
    const bundle = {
      registration: this.identities.registration,
      device: this.own.deviceId(),
      ...this.describe(),
      signed_id: id,
      signed_key: hex(signed_key.serialize()),
      signed_signature: hex(signed_signature),
      kem_id: id,
      kem_key: hex(kem.getPublicKey().serialize()),
      kem_signature: hex(kem_signature),
    };
    if (!one_time) return bundle;
    const once = signal.PrivateKey.generate();
    const once_key = once.getPublicKey();
    await this.one_time.savePreKey(id, signal.PreKeyRecord.new(id, once_key, once));
    return { ...bundle, one_time_id: id, one_time_key: hex(once_key.serialize()) };
  }

  async begin({ to, version, bundle }) {
    if (version !== 4) throw new Error('new sessions of version 3 are over here');
    const public_key = (text) => signal.PublicKey.deserialize(bytes(text));
    const theirs = signal.PreKeyBundle.new(
      bundle.registration,
      bundle.device,
      bundle.one_time_id ?? null,
      bundle.one_time_key ? public_key(bundle.one_time_key) : null,
      bundle.signed_id,
      public_key(bundle.signed_key),
      bytes(bundle.signed_signature),
      public_key(bundle.identity),
      bundle.kem_id,
      signal.KEMPublicKey.deserialize(bytes(bundle.kem_key)),
      bytes(bundle.kem_signature),
    );
    await signal.processPreKeyBundle(theirs, address(to), this.own, this.sessions, this.identities);
    return {};
  }

  encrypt(to, content) {
    return signal.signalEncrypt(content, address(to), this.own, this.sessions, this.identities);
  }

  async seal({ to, text }) {
    const message = await this.encrypt(to, bytes(text));
    return { kind: NAMES[message.type()], bytes: hex(message.serialize()) };
  }

  async skip({ to, count }) {
    for (let left = count; left > 0; left -= 1) await this.encrypt(to, bytes('00'));
    return {};
  }

  async open({ from, kind, bytes: message }) {
    const who = address(from);
    const { own, sessions, identities } = this;
    if (kind === 'message') {
      const parsed = signal.SignalMessage.deserialize(bytes(message));
      return text_of(await signal.signalDecrypt(parsed, who, own, sessions, identities));
    }
    const parsed = signal.PreKeySignalMessage.deserialize(bytes(message));
    const { one_time, signed, kem } = this;
    const stores = [sessions, identities, one_time, signed, kem];
    return text_of(await signal.signalDecryptPreKey(parsed, who, own, ...stores));
  }

  async trust({ of, identity }) {
    this.identities.known.set(address(of).toString(), signal.PublicKey.deserialize(bytes(identity)));
    return {};
  }

  async archive({ of }) {
    const record = await this.sessions.getSession(address(of));
    record.archiveCurrentState();
    await this.sessions.saveSession(address(of), record);
    return {};
  }

  async reload() {
    return {};
  }

  // The library hands out what it has: a rotation is a record that is gone.
  async group_rotate({ group, form }) {
    if (form === 'old') this.old_groups.set(group, OldGroup.generate());
    else this.sender_keys.records.delete(`${this.own.toString()} ${uuid(group)}`);
    return {};
  }

  async group_tell({ to, group, form }) {
    const { own, sender_keys } = this;
    if (form === 'old') return this.seal({ to, text: hex(this.old_groups.get(group).distribution()) });
    const made = await signal.SenderKeyDistributionMessage.create(own, uuid(group), sender_keys);
    return this.seal({ to, text: hex(made.serialize()) });
  }

  async group_learn({ group, form, ...message }) {
    const { from } = message;
    const { text } = await this.open(message);
    if (form === 'old') {
      this.old_groups.set(`${key_of(from)} ${group}`, OldGroup.learn(bytes(text)));
      return {};
    }
    const parsed = signal.SenderKeyDistributionMessage.deserialize(bytes(text));
    await signal.processSenderKeyDistributionMessage(address(from), parsed, this.sender_keys);
    return {};
  }

  async group_seal({ group, form, text }) {
    if (form === 'old') return { bytes: hex(group_seal_old(this.old_groups.get(group), bytes(text))) };
    const { own, sender_keys } = this;
    const message = await signal.groupEncrypt(own, uuid(group), sender_keys, bytes(text));
    return { bytes: hex(message.serialize()) };
  }

  async group_open({ from, group, form, bytes: message }) {
    if (form === 'old') {
      return text_of(group_open_old(this.old_groups.get(`${key_of(from)} ${group}`), bytes(message)));
    }
    return text_of(await signal.groupDecrypt(address(from), this.sender_keys, bytes(message)));
  }

  fingerprint_of({ iterations, version, own_id, other_id, identity }) {
    const other = signal.PublicKey.deserialize(bytes(identity));
    const ours = this.key.getPublicKey();
    return signal.Fingerprint.new(iterations, version, bytes(own_id), ours, bytes(other_id), other);
  }

  async fingerprint(request) {
    const made = this.fingerprint_of(request);
    return {
      digits: made.displayableFingerprint().toString(),
      scannable: hex(made.scannableFingerprint().toBuffer()),
    };
  }

  async fingerprint_compare({ scanned, ...request }) {
    const ours = this.fingerprint_of(request).scannableFingerprint();
    return { match: ours.compare(signal.ScannableFingerprint._fromBuffer(bytes(scanned))) };
  }

  // The authority that certifies senders is this package's alone: nobody else makes certificates.
  async certificate({ name, device, identity, expires }) {
    const root = signal.PrivateKey.generate();
    const server = signal.PrivateKey.generate();
    const server_certificate = signal.ServerCertificate.new(1, server.getPublicKey(), root);
    const certificate = signal.SenderCertificate.new(
      name,
      null,
      device,
      signal.PublicKey.deserialize(bytes(identity)),
      expires,
      server_certificate,
      server,
    );
    return { root: hex(root.getPublicKey().serialize()), certificate: hex(certificate.serialize()) };
  }

  async content({ to, certificate, kind, text, bytes: message, hint, group }) {
    const sender = signal.SenderCertificate.deserialize(bytes(certificate));
    let inner;
    if (kind === 'plaintext') {
      inner = signal.CiphertextMessage.from(signal.PlaintextContent.deserialize(bytes(message)));
    } else if (kind === 'sender_key') {
      inner = await signal.groupEncrypt(this.own, uuid(group), this.sender_keys, bytes(text));
    } else {
      inner = await this.encrypt(to, bytes(text));
    }
    const group_id = group ? bytes(group) : null;
    return signal.UnidentifiedSenderMessageContent.new(inner, sender, hint, group_id);
  }

  async sealed_seal(request) {
    const content = await this.content(request);
    const { sessions, identities } = this;
    if (request.envelope === 1) {
      const to = address(request.to);
      return { bytes: hex(await signal.sealedSenderEncrypt(content, to, identities)) };
    }
    const recipients = (request.recipients ?? [request.to]).map(address);
    const all = { content, recipients, identityStore: identities, sessionStore: sessions };
    return { bytes: hex(await signal.sealedSenderMultiRecipientEncrypt(all)) };
  }

  // What a server does with one sealed body for many: the part for each, by the recipient's name.
  async sealed_split({ bytes: sent }) {
    const message = new SentMessage(bytes(sent));
    const recipients = Object.entries(message.recipientsByServiceIdString());
    const part = ([name, recipient]) => [name, hex(message.messageForRecipient(recipient))];
    return { parts: Object.fromEntries(recipients.map(part)) };
  }

  async sealed_open({ root, now, bytes: message }) {
    const content = await signal.sealedSenderDecryptToUsmc(bytes(message), this.identities);
    const sender = content.senderCertificate();
    if (!sender.validate(signal.PublicKey.deserialize(bytes(root)), now)) {
      throw Object.assign(new Error('the certificate does not hold'), { name: 'Certificate' });
    }
    const group = content.groupId();
    return {
      from: { name: sender.senderUuid(), device: sender.senderDeviceId() },
      kind: NAMES[content.msgType()],
      bytes: hex(content.contents()),
      hint: content.contentHint(),
      ...(group ? { group: hex(group) } : {}),
    };
  }

  async error_make({ kind, bytes: failed, timestamp, device }) {
    const original = signal.DecryptionErrorMessage.forOriginal;
    const made = original(bytes(failed), KINDS[kind], timestamp, device);
    return { bytes: hex(signal.PlaintextContent.from(made).serialize()) };
  }

  async error_read({ from, bytes: message }) {
    const body = signal.PlaintextContent.deserialize(bytes(message)).body();
    const made = signal.DecryptionErrorMessage.extractFromSerializedBody(body);
    const ratchet = made.ratchetKey();
    const record = await this.sessions.getSession(address(from));
    return {
      ratchet: ratchet && hex(ratchet.serialize()),
      timestamp: made.timestamp(),
      device: made.deviceId(),
      current: Boolean(ratchet && record?.currentRatchetKeyMatches(ratchet)),
    };
  }
}
