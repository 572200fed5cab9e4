// Sender keys in the old form, without an id of the distribution. No package has it alone, so it stands here a
// second time, over Node's own cryptography and the signatures of @signalapp/libsignal-client. Its sender passes
// over every second key, as senders of that form do.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, randomInt } from 'node:crypto';
import { PrivateKey, PublicKey } from '@signalapp/libsignal-client';
import { fields, message } from '../wire.mjs';

const VERSION = Buffer.from([0x33]);
const SIGNATURE = 64;

const step = (chain, constant) => createHmac('sha256', chain).update(Buffer.from([constant])).digest();

function keys(seed) {
  const made = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(32), 'WhisperGroup', 48));
  return { iv: made.subarray(0, 16), key: made.subarray(16) };
}

export class OldGroup {
  skipped = new Map();
  iteration = 0;

  static generate() {
    const group = new OldGroup();
    group.id = randomInt(2 ** 31 - 1);
    group.chain = randomBytes(32);
    group.secret = PrivateKey.generate();
    group.key = group.secret.getPublicKey();
    return group;
  }

  distribution() {
    const key = this.key.serialize();
    return Buffer.concat([VERSION, message([[1, this.id], [2, this.iteration], [3, this.chain], [4, key]])]);
  }

  static learn(content) {
    const group = new OldGroup();
    const read = fields(content.subarray(1));
    group.id = read[1];
    group.iteration = read[2];
    group.chain = Buffer.from(read[3]);
    group.key = PublicKey.deserialize(new Uint8Array(read[4]));
    return group;
  }

  seed(iteration) {
    for (; this.iteration <= iteration; this.iteration += 1) {
      this.skipped.set(this.iteration, step(this.chain, 1));
      this.chain = step(this.chain, 2);
    }
    const seed = this.skipped.get(iteration);
    if (!seed) throw Object.assign(new Error('its key is gone'), { name: 'Duplicate' });
    this.skipped.delete(iteration);
    return seed;
  }
}

export function group_seal_old(group, text) {
  const iteration = group.iteration === 0 ? 0 : group.iteration + 1;
  const { iv, key } = keys(group.seed(iteration));
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  const body = Buffer.concat([VERSION, message([[1, group.id], [2, iteration], [3, sealed]])]);
  return Buffer.concat([body, group.secret.sign(new Uint8Array(body))]);
}

export function group_open_old(group, content) {
  const body = content.subarray(0, content.length - SIGNATURE);
  if (!group.key.verify(new Uint8Array(body), new Uint8Array(content.subarray(-SIGNATURE)))) {
    throw Object.assign(new Error('the signature does not hold'), { name: 'Forged' });
  }
  const read = fields(body.subarray(1));
  const { iv, key } = keys(group.seed(read[2]));
  const cipher = createDecipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(read[3]), cipher.final()]);
}
