// Both begin at once: every message of both sessions opens, once, and one session is left.
//
// Two clients of npm's libsignal do not come to terms: a message of one session is tried on the other first, which
// it damages for good. So the control leaves version 3 out.

export async function simultaneous({ tally, pairs, random }) {
  for (const { version, driver, peer, pair } of pairs) {
    if (version === 3 && driver.kind === peer.kind) continue;
    for (const one_time of [true, false]) {
      for (let time = 0; time < 5; time += 1) {
        const [driver, peer] = await pair('ids');
        await cross(new Crossing(tally, version, driver, peer), one_time, random);
      }
    }
  }
}

class Crossing {
  waiting = [];

  constructor(tally, version, driver, peer) {
    Object.assign(this, { tally, version, driver, peer });
  }

  other(client) {
    return client === this.driver ? this.peer : this.driver;
  }

  async begin(client, one_time) {
    const { version } = this;
    const to = this.other(client);
    const bundle = await to.ask('bundle', { one_time, version });
    await client.ask('begin', { to: to.address, version, bundle });
  }

  async send(client, text) {
    const to = this.other(client);
    const envelope = await client.ask('seal', { to: to.address, text });
    this.tally.sent += 1;
    const message = { client, to, text, envelope, opened: false, passed_over: 0 };
    this.waiting.push(message);
    return message;
  }

  async deliver(message) {
    const { client, to, text, envelope, opened } = message;
    const answer = await to.try('open', { from: client.address, ...envelope });
    const what = `${client.title} to ${to.title}, ${envelope.kind}`;
    this.tally.judge(what, to, opened ? 'keys' : null, answer, text);
    message.opened = true;
    await this.driver.ask('reload');
  }

  // Any of the messages that wait, and now and then one twice. None waits until its receiver has dropped its chain.
  async deliver_one(random) {
    const late = this.waiting[0].passed_over > 2;
    const at = late ? 0 : random.below(this.waiting.length);
    this.waiting[0].passed_over += at > 0 ? 1 : 0;
    const message = this.waiting[at];
    if (message.opened || !random.chance(10)) this.waiting.splice(at, 1);
    await this.deliver(message);
  }
}

async function cross(crossing, one_time, random) {
  const { driver, peer, tally } = crossing;
  await crossing.begin(driver, one_time);
  await crossing.begin(peer, one_time);
  for (let count = 0; count < 3; count += 1) {
    for (const client of [driver, peer]) await crossing.send(client, random.bytes(20).toString('hex'));
  }
  while (crossing.waiting.length > 0) await crossing.deliver_one(random);
  for (let count = 0; count < 60; count += 1) {
    await crossing.send(random.chance(50) ? driver : peer, random.bytes(20).toString('hex'));
    if (crossing.waiting.length > random.below(6)) await crossing.deliver_one(random);
  }
  while (crossing.waiting.length > 0) await crossing.deliver_one(random);

  let last;
  for (let count = 0; count < 8; count += 1) {
    last = [await crossing.send(driver, '01')];
    await crossing.deliver(last[0]);
    last.push(await crossing.send(peer, '02'));
    await crossing.deliver(last[1]);
  }
  tally.expect('one session is left', last.every(({ envelope }) => envelope.kind === 'message'));
}
