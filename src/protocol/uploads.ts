/**
 * Uploads (XEP-0363): a slot that the client puts its file to itself, or a stream of binary frames that the gateway puts
 * there (PROTOCOL.md §8, §10). frames.ts spreads them into its tables.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { ErrorObject } from './objects.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);

/** Of a binary frame, before its bytes: `u8 kind | u32be stream | u32be index`. */
export const headerBytes = 9;
/** `u8 kind` of a binary frame. */
export const chunkKind = 1;
/** So many chunks may be ahead of the last `upload.progress`. */
export const chunkWindow = 8;

const File = {
  filename: Type.String({ minLength: 1, maxLength: 255, description: 'Without a folder' }),
  size: Type.Integer({ minimum: 1, description: 'Bytes' }),
  mediaType: optional(
    Type.String({
      maxLength: 127,
      pattern: '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$',
      description: 'image/jpeg',
    }),
  ),
};
const Stream = Type.Integer({ minimum: 1, maximum: 4_294_967_295, description: 'Of `upload.open`' });
const Get = Type.Object({ url: Type.String() }, { description: 'Where everybody may fetch it' });

export const UploadSlot = Type.Object({
  put: Type.Object({
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String(), { description: 'To be sent with the PUT' }),
  }),
  get: Get,
});

export const uploadRequests = {
  'upload.slot': { data: Type.Object(File), result: UploadSlot },
  'upload.open': {
    data: Type.Object(File),
    result: Type.Object({
      stream: Stream,
      chunkBytes: Type.Integer({ description: 'The most of a chunk, without its 9 bytes of header' }),
      window: Type.Integer({ description: 'Chunks that may be ahead of the last `upload.progress`' }),
    }),
  },
  'upload.close': {
    data: Type.Object({ stream: Stream, cancel: optional(Type.Boolean({ description: 'Give the file up' })) }),
    result: Type.Object({ get: optional(Get) }),
  },
} as const;

export const uploadEvents = {
  'upload.progress': {
    data: Type.Object({
      stream: Stream,
      chunks: Type.Integer({ description: 'Passed on, from the first' }),
      bytes: Type.Integer({ description: 'Passed on' }),
      error: optional(ErrorObject),
    }),
    class: 'latest',
  },
} as const;

export type UploadSlot = Static<typeof UploadSlot>;
