// Bytes as they travel in a line: hexadecimal.

export const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));

export const hex = (content) => Buffer.from(content).toString('hex');

export const key_of = ({ name, device }) => `${name}.${device}`;
