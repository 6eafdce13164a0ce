/**
 * Text frames of RFC 6455 §5.2, written to the stream of an open WebSocket past `ws`, which would make two Buffers and a
 * vectored write of each: in one room a message is a thousand frames, and writing them is most of what they cost. Without
 * extensions a whole frame may stand between any two of those that `ws` writes.
 */
import type { Duplex } from 'node:stream';

/** `written` is called when the last of them has left, or cannot leave any more. */
export function writeFrames(stream: Duplex, frames: readonly string[], written: () => void): void {
  let text = '';
  let corked = false;
  for (const [i, json] of frames.entries()) {
    const size = Buffer.byteLength(json);
    text += headerOf(size);
    // ASCII: a byte is a character, and the header may stand before it in one string.
    if (size === json.length) {
      text += json;
      continue;
    }
    if (!corked) stream.cork();
    corked = true;
    stream.write(text, 'latin1');
    text = '';
    stream.write(json, 'utf8', i === frames.length - 1 ? written : undefined);
  }
  if (text !== '') stream.write(text, 'latin1', written);
  if (corked) stream.uncork();
}

/** FIN and the opcode of text, and the length in 7, 16 or 64 bits; a server does not mask. Each character is a byte. */
function headerOf(size: number): string {
  if (size < 126) return String.fromCharCode(0x81, size);
  if (size < 0x10000) return String.fromCharCode(0x81, 126, size >>> 8, size & 0xff);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size));
  return `\x81\x7f${bytes.toString('latin1')}`;
}
