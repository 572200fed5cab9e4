// Both sides show the same digits, and each reads what the other shows.

export async function fingerprints({ tally, pairs }) {
  const { pair } = pairs.find(({ version }) => version === 4);
  for (const version of [1, 2]) {
    for (const iterations of [2, 1024, 5200]) {
      const [driver, peer] = await pair('ids');
      const [own_id, other_id] = [driver, peer].map(({ address }) => Buffer.from(address.name).toString('hex'));
      const ours = { iterations, version, own_id, other_id, identity: peer.identity };
      const theirs = { iterations, version, own_id: other_id, other_id: own_id, identity: driver.identity };
      await compare(tally, [driver, ours], [peer, theirs]);
      await compare(tally, [peer, theirs], [driver, ours]);
    }
  }
}

async function compare(tally, [reader, reads], [shower, shows]) {
  const read = await reader.ask('fingerprint', reads);
  const shown = await shower.ask('fingerprint', shows);
  const what = `${shower.title}'s fingerprint at ${reader.title}`;
  tally.expect(`${what}: digits`, /^\d{60}$/.test(read.digits) && read.digits === shown.digits);
  const scan = async (scanned, request = reads) => {
    tally.delivered += 1;
    return reader.try('fingerprint_compare', { ...request, scanned });
  };
  tally.expect(`${what}: matches`, (await scan(shown.scannable)).match === true);
  // Its own code, another identity, another name, another version.
  tally.expect(`${what}: own code`, (await scan(read.scannable)).match !== true);
  const others = [
    { identity: shower.identity.replace(/..$/, (end) => (end === '00' ? '01' : '00')) },
    { other_id: reads.own_id },
    { iterations: reads.iterations + 1 },
    { version: 3 - reads.version },
  ];
  for (const other of others) {
    const { scannable } = await shower.ask('fingerprint', shows);
    tally.expect(`${what}: ${Object.keys(other)}`, (await scan(scannable, { ...reads, ...other })).match !== true);
  }
}
