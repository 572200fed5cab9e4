// Latchstring's Signal wire format against the clients that others run. Two processes, the driver of this library
// and a peer, speak in lines (peer.mjs says which); this one hands what they say from one to the other, predicts by
// a model (model.mjs) what each can open, and calls everything else unexplained.
//
//   npm ci && cargo build --package signal_driver
//   node run.mjs [--messages N] [--seed S] [--only NAME] [--driver PATH]
//
// The peers are the packages of the lock file, under the AGPL and the GPL: they run in processes of their own, and
// nothing of them is linked, copied or handed on. A peer that is missing ends the run with 1, as a message does that
// the model does not explain.
//
// `--driver npm` puts the peers on both sides: the control, which tries the harness and its model alone.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Process } from './process.mjs';
import { Random } from './random.mjs';
import { Tally } from './tally.mjs';
import { conversations } from './scenarios/conversations.mjs';
import { decryption_errors } from './scenarios/decryption_errors.mjs';
import { fingerprints } from './scenarios/fingerprints.mjs';
import { groups } from './scenarios/groups.mjs';
import { handshake } from './scenarios/handshake.mjs';
import { identity_change } from './scenarios/identity_change.mjs';
import { sealed_sender } from './scenarios/sealed_sender.mjs';
import { simultaneous } from './scenarios/simultaneous.mjs';
import { windows } from './scenarios/windows.mjs';

const SCENARIOS = {
  handshake,
  conversations,
  windows,
  simultaneous,
  identity_change,
  groups,
  fingerprints,
  sealed_sender,
  decryption_errors,
};
const PEERS = { 3: 'libsignal', 4: 'libsignal_client' };

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    driver: { type: 'string', default: place('../../target/debug/signal_driver') },
  },
});
const names = Object.keys(SCENARIOS).filter((name) => !values.only || name === values.only);
if (names.length === 0) throw new Error(`there is no scenario ${values.only}`);

const peer = (name) => Object.assign(new Process(name, process.execPath, place('peer.mjs'), name), { kind: name });
const peers = Object.fromEntries(Object.entries(PEERS).map(([version, name]) => [version, peer(name)]));
const drivers = Object.fromEntries(
  Object.entries(PEERS).map(([version, name]) => {
    if (values.driver === 'npm') return [version, peer(name)];
    return [version, Object.assign(new Process('driver', values.driver), { kind: 'latchstring' })];
  }),
);

let clients = 0;

// A new client in a process. Names are service ids or not; registration ids are such as all forms can hold.
async function client(process, form = 'ids', own = {}) {
  clients += 1;
  const number = String(clients).padStart(12, '0');
  const name = form === 'ids' ? `5ca1ab1e-0000-4000-8000-${number}` : `person ${number}`;
  const made = await process.client(`client ${clients}`, { name, device: 1, registration: clients, ...own });
  return Object.assign(made, { kind: process.kind });
}

const pairs = Object.keys(PEERS).map((version) => ({
  version: Number(version),
  driver: drivers[version],
  peer: peers[version],
  pair: async (form) => [await client(drivers[version], form), await client(peers[version], form)],
}));

// All of them are there before anything is tried.
for (const one of pairs) await one.pair('ids');

let failed = 0;
for (const name of names) {
  const tally = new Tally();
  const random = new Random(Number(values.seed));
  const start = Date.now();
  try {
    await SCENARIOS[name]({ tally, pairs, client, random, messages: Number(values.messages) });
  } catch (error) {
    tally.wrong(`stopped: ${error.stack}`);
  }
  const { sent, delivered, opened, refused, unexplained, epochs } = tally;
  const lost = Object.entries(refused).map(([window, count]) => `${window} ${count}`).join(', ');
  console.log(
    `${name}: sent ${sent}, delivered ${delivered}, opened ${opened}, refused as predicted (${lost}), ` +
      `unexplained ${unexplained.length}, epochs ${epochs}, ${Math.round((Date.now() - start) / 1000)} s`,
  );
  for (const what of unexplained.slice(0, 10)) console.log(`  ${what}`);
  failed += unexplained.length > 0 || delivered === 0 ? 1 : 0;
}
for (const process of [...Object.values(peers), ...Object.values(drivers)]) process.end();
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
