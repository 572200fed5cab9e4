// What is in clear in a message, read by hand: the harness checks its model against it.

function varint(content, at) {
  let value = 0;
  for (let place = 0; ; place += 1) {
    const byte = content[at + place];
    if (byte === undefined) throw new Error('a number that ends early');
    value += (byte % 128) * 2 ** (7 * place);
    if (byte < 128) return [value, at + place + 1];
  }
}

// The fields of a Protocol Buffers message, by number: numbers and bytes, the last of each.
export function fields(content) {
  const read = {};
  for (let at = 0; at < content.length; ) {
    let tag, value;
    [tag, at] = varint(content, at);
    [value, at] = varint(content, at);
    if (tag % 8 === 2) {
      [value, at] = [content.subarray(at, at + value), at + value];
    } else if (tag % 8 !== 0) {
      throw new Error(`a field of type ${tag % 8}`);
    }
    read[tag >> 3] = value;
  }
  return read;
}

function number(value) {
  const written = [];
  for (; value >= 128; value = Math.floor(value / 128)) written.push((value % 128) + 128);
  return Buffer.from([...written, value]);
}

// A Protocol Buffers message of numbers and bytes.
export function message(list) {
  const field = ([tag, value]) =>
    typeof value === 'number'
      ? [number(tag * 8), number(value)]
      : [number(tag * 8 + 2), number(value.length), Buffer.from(value)];
  return Buffer.concat(list.flatMap(field));
}

// The message inside of a first message, and what stands around it.
export function prekey(content) {
  const read = fields(content.subarray(1));
  return {
    version: content[0],
    one_time: read[1],
    base: Buffer.from(read[2]).toString('hex'),
    kem: read[8]?.length,
    inner: read[4],
  };
}

// The message proper, as a view: a first message's is inside.
export function inner(kind, content) {
  return kind === 'prekey' ? prekey(content).inner : content;
}

// The header of a message: its chain by the ratchet key, its number, the last number of the chain before, and
// of the post-quantum chains which one and what index.
export function header(kind, content) {
  const sealed = inner(kind, content);
  const read = fields(sealed.subarray(1, sealed.length - 8));
  const clear = {
    version: sealed[0] >> 4,
    ratchet: Buffer.from(read[1]).toString('hex'),
    number: read[2],
    previous: read[3] ?? 0,
  };
  if (!read[5]) return clear;
  const [epoch, after] = varint(read[5], 1);
  const [index] = varint(read[5], after);
  return { ...clear, epoch: epoch - 1, index };
}
