/** A self-signed X.509 certificate for 127.0.0.1, valid from 2020 to 2049: Node makes keys, but no certificates. */
import { type KeyObject, sign } from 'node:crypto';

/** DER: tag, length, content. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const sequence = (...content: Uint8Array[]) => der(0x30, ...content);
const hex = (text: string) => Buffer.from(text, 'hex');
const integer = (value: number) => der(0x02, Buffer.from([value]));
const time = (text: string) => der(0x17, Buffer.from(text));

/** Of an EC key on P-256; in PEM. */
export function certificate(publicKey: KeyObject, privateKey: KeyObject): string {
  const ecdsaWithSha256 = sequence(hex('06082a8648ce3d040302'));
  const name = sequence(der(0x31, sequence(hex('0603550403'), der(0x0c, Buffer.from('127.0.0.1')))));
  const subjectAltName = sequence(der(0x87, Buffer.from([127, 0, 0, 1])));
  const basicConstraints = sequence(hex('0101ff'));
  const extensions = sequence(
    sequence(hex('0603551d11'), der(0x04, subjectAltName)),
    sequence(hex('0603551d13'), hex('0101ff'), der(0x04, basicConstraints)),
  );
  const content = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    name,
    sequence(time('200101000000Z'), time('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey));
  const base64 = sequence(content, ecdsaWithSha256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
}
