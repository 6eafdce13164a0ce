/**
 * White space behind long tags. COMPAT(Prosody 13): expat since 2.6 (CVE-2023-52425) puts a tag that came in several
 * reads off until the bytes that it had seen of it have come once more. At the end of a burst that is never: the server
 * is silent, and the fence gives the link up. As many spaces behind the stanza as the tag has bytes are enough.
 */
import { StanzaError } from '../protocol/errors.ts';

/** A shorter tag comes in one segment of any network, or in two of which the first brings more than the tag alone. */
const usual = 512;

/** With what waits for it, twice of this stays below Prosody's limit for a stanza, 512 KiB. */
const maxTagBytes = 64 * 1024;

/**
 * What goes behind a stanza at once; nothing where all its tags are of the usual length.
 * @throws StanzaError too-large for a tag that no server would get over
 */
export function paddingFor(xml: string, bytes: number): string {
  if (bytes <= usual) return '';
  const widest = bytes === xml.length ? 1 : 3;
  let longest = 0;
  // Both signs are escaped wherever they are not a tag's.
  for (let start = 0; start >= 0; ) {
    const end = xml.indexOf('>', start);
    if ((end + 1 - start) * widest > usual) longest = Math.max(longest, Buffer.byteLength(xml.slice(start, end + 1)));
    start = xml.indexOf('<', end);
  }
  if (longest > maxTagBytes) {
    throw new StanzaError('too-large', `A tag of the stanza has ${longest} bytes, at most ${maxTagBytes} can be sent`);
  }
  return longest > usual ? ' '.repeat(longest) : '';
}
