/** What profiles rest on: what an image is, what capabilities' hashes are of, and which images stay where they are served. */
import { describe, expect, it } from 'vitest';
import { PublicFiles } from '../../src/core/public-files.ts';
import { versionOf } from '../../src/extensions/entity-caps.ts';
import { fromBase64, readImage } from '../../src/extensions/profile/image.ts';
import { png } from '../support/images.ts';

describe('an image', () => {
  const bytes = (...parts: (string | number[])[]): Buffer =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));
  const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
  const jpegHead = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0];

  it.each<[string, Uint8Array, object]>([
    ['PNG', png(7, 5, [1, 2, 3]), { mediaType: 'image/png', width: 7, height: 5 }],
    ['GIF', bytes('GIF89a', [3, 0, 2, 1], zeros(8)), { mediaType: 'image/gif', width: 3, height: 258 }],
    [
      'JPEG behind other segments',
      bytes(jpegHead, [0xff, 0xff, 0xc2, 0, 11, 8, 0, 16, 1, 0, 1], zeros(4)),
      { mediaType: 'image/jpeg', width: 256, height: 16 },
    ],
    [
      'WebP, lossy',
      bytes('RIFF', zeros(4), 'WEBPVP8 ', zeros(4), [0, 0, 0, 0x9d, 1, 0x2a], [9, 0x40, 8, 0]),
      { mediaType: 'image/webp', width: 9, height: 8 },
    ],
    [
      'WebP, lossless',
      bytes('RIFF', zeros(4), 'WEBPVP8L', zeros(4), [0x2f, 2, 0xc0, 0, 0], zeros(5)),
      { mediaType: 'image/webp', width: 3, height: 4 },
    ],
    [
      'WebP, extended',
      bytes('RIFF', zeros(4), 'WEBPVP8X', zeros(8), [9, 0, 0, 7, 0, 0]),
      { mediaType: 'image/webp', width: 10, height: 8 },
    ],
  ])('is a %s by its content', (_, image, expected) => {
    expect(readImage(new Uint8Array(image))).toMatchObject(expected);
  });

  it.each<[string, Uint8Array]>([
    ['SVG', Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script> and some more of it')],
    ['nothing', new Uint8Array()],
    ['a PNG that is cut off', png(7, 5, [1, 2, 3]).subarray(0, 30)],
    ['a PNG that no browser can hold', png(4097, 1, [1, 2, 3])],
    ['a PNG without a pixel', png(0, 4, [1, 2, 3])],
    ['a JPEG without a frame', bytes(jpegHead, [0xff, 0xda, 0, 4, 0, 0], zeros(20))],
    ['a JPEG whose segment says that it is empty', bytes([0xff, 0xd8, 0xff, 0xe0, 0, 0], zeros(20))],
  ])('is not %s', (_, image) => {
    expect(readImage(image)).toBeUndefined();
  });

  it('is base64 with white space in it, up to a size', () => {
    expect(fromBase64('aGVs\n bG8=\n', 5)).toEqual(new Uint8Array(Buffer.from('hello')));
    for (const wrong of ['', '  ', 'a=b', 'ä', 'aGVsbG8hIQ==']) expect(fromBase64(wrong, 5)).toBeUndefined();
  });
});

describe('the hash of capabilities', () => {
  it('is that of the examples of XEP-0115', () => {
    const features = [
      'http://jabber.org/protocol/caps',
      'http://jabber.org/protocol/disco#info',
      'http://jabber.org/protocol/disco#items',
      'http://jabber.org/protocol/muc',
    ];
    const exodus = { category: 'client', type: 'pc', name: 'Exodus 0.9.1' };
    expect(versionOf({ identities: [exodus], features })).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=');
    const field = (name: string, ...values: string[]) => ({ var: name, type: 'text-single' as const, values });
    const form = {
      type: 'result' as const,
      fields: [
        { ...field('FORM_TYPE', 'urn:xmpp:dataforms:softwareinfo'), type: 'hidden' as const },
        field('ip_version', 'ipv6', 'ipv4'),
        field('os', 'Mac'),
        field('os_version', '10.5.1'),
        field('software', 'Psi'),
        field('software_version', '0.11'),
      ],
    };
    const psi = { category: 'client', type: 'pc' };
    const identities = [
      { ...psi, name: 'Psi 0.11', lang: 'en' },
      { ...psi, name: 'Ψ 0.11', lang: 'el' },
    ];
    expect(versionOf({ identities, features, forms: [form] })).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=');
  });
});

describe('public files', () => {
  const file = (size: number) => ({ mediaType: 'image/png', bytes: new Uint8Array(size) });
  const at = (address: string | undefined): string => address?.slice('/avatars/'.length) ?? '';

  it('have an address that needs the key, the same each time', () => {
    const files = new PublicFiles(new Uint8Array(32));
    const address = files.add('id', file(1));
    expect(address).toMatch(/^\/avatars\/[\w-]{43}$/);
    expect(new PublicFiles(new Uint8Array(32)).add('id', file(1))).toBe(address);
    expect(new PublicFiles(new Uint8Array(32).fill(1)).add('id', file(1))).not.toBe(address);
    expect(files.at(at(address))).toEqual(file(1));
    expect(files.at('id')).toBeUndefined();
  });

  it('are bounded in bytes; the least used one goes', () => {
    const files = new PublicFiles(new Uint8Array(32));
    const addresses = Array.from({ length: 4 }, (_, index) => files.add(`id${index}`, file(16 * 1024 * 1024)));
    files.get('id0');
    files.add('one more', file(1));
    expect(addresses.map((address) => files.at(at(address)) !== undefined)).toEqual([true, false, true, true]);
    expect(files.address('id1')).toBeUndefined();
  });
});
