/** Frames of RFC 6455 as they are on the wire, whatever their text is and however long. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { writeFrames } from '../../src/websocket/frames.ts';

/** The texts of unmasked text frames (RFC 6455 §5.2). */
function decode(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81);
    const short = bytes.readUInt8(at + 1);
    const [header, size] =
      short < 126
        ? [2, short]
        : short === 126
          ? [4, bytes.readUInt16BE(at + 2)]
          : [10, Number(bytes.readBigUInt64BE(at + 2))];
    texts.push(bytes.toString('utf8', at + header, at + header + size));
    at += header + size;
  }
  return texts;
}

const umlauts = 'ü'.repeat(100);
it.each([
  ['one of ASCII', ['{"a":1}']],
  ['one of other characters', ['{"a":"naïve → 🦜"}']],
  ['all in turn', ['plain', umlauts, 'plain', 'é', 'x', 'y', '🦜']],
  ['of each kind of length', ['', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_535), 'x'.repeat(65_536), umlauts]],
  ['long ones of other characters', ['ü'.repeat(40_000), 'ü'.repeat(63)]],
])('%s', async (_, frames) => {
  const stream = new PassThrough({ highWaterMark: 1_000_000 });
  const written = vi.fn();
  writeFrames(stream, frames, written);
  stream.end();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer | string) => chunks.push(Buffer.from(chunk)));
  await once(stream, 'end');
  expect(decode(Buffer.concat(chunks))).toEqual(frames);
  expect(written).toHaveBeenCalledOnce();
});
