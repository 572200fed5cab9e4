// What a message costs this library, and what it costs the packages that others run, in one run: sealed and opened,
// in a conversation that has begun.
//
//   npm ci && cargo build --release --package signal_driver
//   node bench.mjs [--rounds N] [--messages N] [--driver PATH]
//
// Each is timed in its own process: ours in the driver, with the record for its journal; a package here, through the
// peers of peers/, whose stores are in JavaScript and give and take a session in bytes (libsignal: in text) with each
// call, as the package asks for it. Bytes go to the peers in hexadecimal, which takes them about a microsecond. One
// waits while the other runs, rounds alternate, and what is compared is the median message of the median round: what
// a machine does beside it is in few messages.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Process } from './process.mjs';

const PEERS = { 4: 'libsignal_client', 3: 'libsignal' };
const SIZES = [32, 1024];

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '21' },
    messages: { type: 'string', default: '200' },
    driver: { type: 'string', default: place('../../target/release/signal_driver') },
  },
});
const [rounds, count] = [Number(values.rounds), Number(values.messages)];
const [from, to] = ['11', '22'].map((end) => ({ name: `5ca1ab1e-0000-4000-8000-0000000000${end}`, device: 1 }));
const driver = new Process('driver', values.driver);

// Two ends of a package that have answered each other.
async function conversation(Client, version) {
  const ends = [from, to].map((own, i) => ({ own, client: new Client({ ...own, registration: i + 1 }) }));
  const bundle = await ends[1].client.bundle({ one_time: false });
  await ends[0].client.begin({ to, version, bundle });
  for (const [one, other] of [ends, [...ends].reverse()]) await pass(one, other, 'ee');
  return ends;
}

async function pass(one, other, text) {
  const message = await one.client.seal({ to: other.own, text });
  const opened = await other.client.open({ from: one.own, ...message });
  if (opened.text !== text) throw new Error('it opened to something else');
}

async function theirs({ Client, version, text, turns }) {
  const ends = await conversation(Client, version);
  const taken = [];
  for (let i = 0; i < count; i += 1) {
    const start = process.hrtime.bigint();
    await pass(ends[0], ends[1], text);
    taken.push(Number(process.hrtime.bigint() - start));
    if (turns) ends.reverse();
  }
  return median(taken);
}

async function ours({ version, text, turns }) {
  const answer = await driver.ask({ op: 'bench', from, to, version, text, turns, count });
  if (answer.error) throw new Error(answer.error);
  return answer.nanoseconds;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const micro = (nanoseconds) => `${(nanoseconds / 1000).toFixed(1)} µs`;

const cases = [];
for (const [version, name] of Object.entries(PEERS).reverse()) {
  const { Client } = await import(`./peers/${name}.mjs`);
  for (const turns of [false, true]) {
    for (const size of SIZES) {
      const text = '5a'.repeat(size);
      cases.push({ Client, name, version: Number(version), turns, size, text, times: [[], []] });
    }
  }
}
// The first round warms up, and does not count.
for (let round = 0; round <= rounds; round += 1) {
  for (const one of cases) {
    const taken = [await ours(one), await theirs(one)];
    if (round > 0) one.times.forEach((times, i) => times.push(taken[i]));
  }
}
driver.end();

process.stdout.write('version, package | direction | length | ours | theirs | ratio\n');
for (const { name, version, turns, size, times } of cases) {
  const [mine, their] = times.map(median);
  const way = turns ? 'in turns' : 'in order';
  const ratio = (their / mine).toFixed(1);
  process.stdout.write(`${version}, ${name} | ${way} | ${size} B | ${micro(mine)} | ${micro(their)} | ${ratio}\n`);
}
