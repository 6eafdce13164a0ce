/**
 * What an image is, by its content: type and size of PNG, JPEG, GIF and WebP. Everything else is no avatar, SVG before all,
 * for that can hold scripts.
 */
import { hash } from 'node:crypto';

export interface Image {
  /** SHA-1 in hex: what XEP-0084 and XEP-0153 name it by. */
  readonly id: string;
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** Pixels of a side: a small file may be an image that no browser can hold. */
const maxSide = 4096;

type Found = Pick<Image, 'mediaType' | 'width' | 'height'>;

/** Undefined where it is no image that everybody can be shown. */
export function readImage(bytes: Uint8Array): Image | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = png(view) ?? gif(view) ?? webp(view) ?? jpeg(view);
  if (!found || found.width < 1 || found.height < 1 || Math.max(found.width, found.height) > maxSide) return undefined;
  return { ...found, id: hash('sha1', view, 'hex'), bytes };
}

/** Base64 with the white space that XML has in it; undefined where it is none, or longer than `max` bytes. */
export function fromBase64(text: string, max: number): Uint8Array | undefined {
  if (text.length > max * 2 + 1024) return undefined;
  const packed = text.replace(/\s+/g, '');
  if (packed === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) return undefined;
  const bytes = Buffer.from(packed, 'base64');
  // Not a slice of the pool that all small Buffers share.
  return bytes.length <= max ? new Uint8Array(bytes) : undefined;
}

/** PNG §5.2, §11.2.1: the signature, then IHDR. */
function png(view: Buffer): Found | undefined {
  if (view.length < 33 || view.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined;
  if (view.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { mediaType: 'image/png', width: view.readUInt32BE(16), height: view.readUInt32BE(20) };
}

/** GIF89a §17, §18. */
function gif(view: Buffer): Found | undefined {
  if (view.length < 14 || !/^GIF8[79]a/.test(view.toString('latin1', 0, 6))) return undefined;
  return { mediaType: 'image/gif', width: view.readUInt16LE(6), height: view.readUInt16LE(8) };
}

/** RFC 9649 §2.4–§2.7: a RIFF file whose first chunk says which kind it is. */
function webp(view: Buffer): Found | undefined {
  const at = (from: number) => view.toString('latin1', from, from + 4);
  if (view.length < 30 || at(0) !== 'RIFF' || at(8) !== 'WEBP') return undefined;
  const mediaType = 'image/webp';
  if (at(12) === 'VP8X') return { mediaType, width: view.readUIntLE(24, 3) + 1, height: view.readUIntLE(27, 3) + 1 };
  if (at(12) === 'VP8 ') {
    return { mediaType, width: view.readUInt16LE(26) & 0x3fff, height: view.readUInt16LE(28) & 0x3fff };
  }
  if (at(12) !== 'VP8L' || view.readUInt8(20) !== 0x2f) return undefined;
  const bits = view.readUInt32LE(21);
  return { mediaType, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** ITU T.81 §B.1, §B.2: segments up to the frame header, which has the size. */
function jpeg(view: Buffer): Found | undefined {
  if (view.length < 4 || view.readUInt16BE(0) !== 0xffd8) return undefined;
  let at = 2;
  while (at + 9 <= view.length) {
    if (view.readUInt8(at) !== 0xff) return undefined;
    const marker = view.readUInt8(at + 1);
    if (marker === 0xff) at += 1;
    else if (isFrame(marker)) {
      return { mediaType: 'image/jpeg', width: view.readUInt16BE(at + 7), height: view.readUInt16BE(at + 5) };
    } else {
      const length = view.readUInt16BE(at + 2);
      if (length < 2) return undefined;
      at += 2 + length;
    }
  }
  return undefined;
}

/** SOF0 to SOF15, but DHT, JPG and DAC, which have numbers among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
