/**
 * XEP-0363 HTTP File Upload 1.2.0: a slot to put a file to; and the PUT itself, for clients that cannot make it.
 *   {"type":"upload.slot","data":{"filename":"a.jpg","size":3032449,"mediaType":"image/jpeg"}}
 *   → <request xmlns="urn:xmpp:http:upload:0" filename="a.jpg" size="3032449" content-type="image/jpeg"/>
 */
import { extension, type Session, slot, xep } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { RequestResult } from '../../protocol/frames.ts';
import { chunkWindow, headerBytes } from '../../protocol/uploads.ts';
import { findUploadService, uploadService } from './service.ts';
import { type File, requestSlot } from './slot.ts';
import { checkTarget } from './target.ts';
import { Upload } from './upload.ts';

/** Uploads of one session at once. */
const maxOwn = 4;
/** Ends of uploads that nobody has asked for yet. */
const maxKept = 16;

interface Own {
  /** By stream; also those that have ended, until that was asked for. */
  readonly uploads: Map<number, Upload>;
  /** How many are under way. */
  open: number;
}
const state = slot(() => ({ bySession: new Map<Session, Own>(), open: 0 }));

async function open(session: Session, file: File): Promise<RequestResult<'upload.open'>> {
  const { size } = session.gateway.uploads;
  if (!session.binary) throw new StanzaError('not-acceptable', 'Uploads through the socket need the feature "binary"');
  if (file.size > size) throw badRequest('size', `size is at most ${size} through the socket`);
  const { own, done } = begin(session);
  try {
    const upload = await start(session, file, done);
    own.uploads.set(upload.stream, upload);
    for (const [stream, { isOpen }] of own.uploads) {
      if (own.uploads.size > maxKept && !isOpen) own.uploads.delete(stream);
    }
    return { stream: upload.stream, chunkBytes: session.frameBytes - headerBytes, window: chunkWindow };
  } catch (error) {
    done();
    throw error;
  }
}

/** Takes one of the places that there are; `done` gives it back. @throws StanzaError resource-constraint */
function begin(session: Session): { own: Own; done: () => void } {
  const all = session.gateway.slot(state);
  const own = all.bySession.get(session) ?? { uploads: new Map<number, Upload>(), open: 0 };
  if (own.open >= maxOwn || all.open >= session.gateway.uploads.streams) {
    throw new StanzaError('resource-constraint', 'Too many uploads are under way', { retryAfterMs: 5000 });
  }
  all.bySession.set(session, own);
  const change = (by: 1 | -1): void => {
    own.open += by;
    all.open += by;
  };
  change(1);
  return { own, done: () => change(-1) };
}

async function start(session: Session, file: File, done: () => void): Promise<Upload> {
  const { gateway, account } = session;
  const given = await requestSlot(account, file);
  checkTarget(gateway, given.put.url);
  // It may have ended meanwhile.
  if (!account.sessions.has(session)) throw new StanzaError('not-connected', 'The session has ended');
  const { mediaType = 'application/octet-stream' } = file;
  const headers = { ...given.put.headers, 'content-type': mediaType };
  const http = gateway.put({ url: given.put.url, headers, size: file.size });
  return new Upload(session, http, file.size, given, done);
}

async function close(session: Session, stream: number, cancel: boolean): Promise<RequestResult<'upload.close'>> {
  const own = session.gateway.slot(state).bySession.get(session);
  const upload = own?.uploads.get(stream);
  if (!upload) throw new StanzaError('item-not-found', 'There is no such upload', { field: 'stream' });
  try {
    return await upload.close(cancel);
  } finally {
    own?.uploads.delete(stream);
  }
}

export default extension({
  spec: xep('0363', '1.2.0'),
  requests: {
    'upload.slot': ({ account }, file) => requestSlot(account, file),
    'upload.open': open,
    'upload.close': (session, { stream, cancel = false }) => close(session, stream, cancel),
  },
  services: (gateway) => {
    const service = uploadService(gateway);
    if (!service) return {};
    return { upload: service.jid, ...(service.maxBytes === undefined ? {} : { uploadBytes: service.maxBytes }) };
  },
  hooks: {
    sessionClose: (session) => {
      const { bySession } = session.gateway.slot(state);
      for (const upload of bySession.get(session)?.uploads.values() ?? []) {
        upload.fail(new StanzaError('not-connected', 'The session has ended'));
      }
      bySession.delete(session);
    },
    linkUp: (gateway) => void findUploadService(gateway),
  },
});
