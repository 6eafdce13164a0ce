/** Files in messages (PROTOCOL.md §9), in the words of XEP-0446; where they are, not what is in them. */
import Type, { type Static, type TSchema } from 'typebox';
import { oneOf } from './one-of.ts';
import { Time } from './values.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const Text = (maxLength: number, description: string) => Type.String({ maxLength, description });
const Url = Type.String({ minLength: 1, maxLength: 4096, description: 'An absolute address' });
const Pixels = Type.Integer({ minimum: 0, maximum: 0xff_ff_ff_ff });
const Hashes = Type.Record(Type.String(), Type.String(), { description: 'In base64, by algorithm (XEP-0300)' });

export const Thumbnail = Type.Object(
  {
    uri: Url,
    mediaType: optional(Text(255, 'image/png')),
    width: optional(Pixels),
    height: optional(Pixels),
  },
  { description: 'XEP-0264' },
);

export const File = Type.Object(
  {
    url: Url,
    name: optional(Text(1023, 'As its sender calls it; may hold anything, slashes too')),
    mediaType: optional(Text(255, 'image/jpeg')),
    size: optional(Type.Integer({ minimum: 0, description: 'In bytes' })),
    width: optional(Pixels),
    height: optional(Pixels),
    length: optional(Type.Integer({ minimum: 0, description: 'Of sound and film, in milliseconds' })),
    date: optional(Time),
    desc: optional(Text(16_384, 'For people')),
    hashes: optional(Hashes),
    disposition: optional(oneOf(['inline', 'attachment'], 'Shown at once, or on demand')),
    thumbnails: optional(Type.Array(Thumbnail)),
    encrypted: optional(
      Type.Object(
        {
          cipher: Type.String({ minLength: 1, maxLength: 1023 }),
          key: Type.String({ maxLength: 1023, description: 'Base64' }),
          iv: Type.String({ maxLength: 1023, description: 'Base64' }),
          hashes: optional(Hashes),
        },
        { description: 'What is at `url` is encrypted (XEP-0448)' },
      ),
    ),
  },
  { description: 'A file (XEP-0446, XEP-0447)' },
);

export type File = Static<typeof File>;
export type Thumbnail = Static<typeof Thumbnail>;
