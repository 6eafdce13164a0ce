/**
 * XEP-0363 HTTP File Upload 1.2.0: a slot to put a file to; and the PUT itself, for clients that cannot make it.
 *   {"type":"upload.slot","data":{"filename":"a.jpg","size":3032449,"mediaType":"image/jpeg"}}
 *   → <request xmlns="urn:xmpp:http:upload:0" filename="a.jpg" size="3032449" content-type="image/jpeg"/>
 */
import { extension, type Gateway, type Session, slot, xep } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { RequestResult } from '../../protocol/frames.ts';
import { chunkWindow } from '../../protocol/uploads.ts';
import { findUploadService, uploadService } from './service.ts';
import { type File, requestSlot } from './slot.ts';
import { checkTarget } from './target.ts';
import { Upload } from './upload.ts';

/** Uploads of one session at once. */
const maxOwn = 4;
/** Ends of uploads that nobody has asked for yet. */
const maxKept = 16;

/** By session, its uploads by stream; how many are under way, over all sessions. */
const uploads = slot(() => ({ bySession: new Map<Session, Map<number, Upload>>(), open: 0 }));

async function open(session: Session, file: File): Promise<RequestResult<'upload.open'>> {
  const { gateway, account } = session;
  const all = gateway.slot(uploads);
  const { size, streams } = gateway.uploads;
  if (!session.binary) throw new StanzaError('not-acceptable', 'Uploads through the socket need the feature "binary"');
  if (file.size > size) throw badRequest('size', `size is at most ${size} through the socket`);
  if (openOf(gateway, session) >= maxOwn || all.open >= streams) throw busy();
  all.open++;
  try {
    const given = await requestSlot(account, file);
    checkTarget(gateway, given.put.url);
    // It may have ended meanwhile.
    if (!account.sessions.has(session)) throw new StanzaError('not-connected', 'The session has ended');
    const { mediaType = 'application/octet-stream' } = file;
    const headers = { ...given.put.headers, 'content-type': mediaType };
    const http = gateway.put({ url: given.put.url, headers, size: file.size });
    const upload = new Upload(session, http, file.size, given, () => all.open--);
    keep(gateway, session, upload);
    return { stream: upload.stream, chunkBytes: gateway.limits.frame - 9, window: chunkWindow };
  } catch (error) {
    all.open--;
    throw error;
  }
}

function busy(): StanzaError {
  return new StanzaError('resource-constraint', 'Too many uploads are under way', { retryAfterMs: 5000 });
}

function openOf(gateway: Gateway, session: Session): number {
  const own = gateway.slot(uploads).bySession.get(session)?.values() ?? [];
  return [...own].filter(({ isOpen }) => isOpen).length;
}

function keep(gateway: Gateway, session: Session, upload: Upload): void {
  const { bySession } = gateway.slot(uploads);
  const own = bySession.get(session) ?? new Map<number, Upload>();
  bySession.set(session, own.set(upload.stream, upload));
  for (const [stream, { isOpen }] of own) if (own.size > maxKept && !isOpen) own.delete(stream);
}

async function close(session: Session, stream: number, cancel: boolean): Promise<RequestResult<'upload.close'>> {
  const own = session.gateway.slot(uploads).bySession.get(session);
  const upload = own?.get(stream);
  if (!upload) throw new StanzaError('item-not-found', 'There is no such upload', { field: 'stream' });
  try {
    return await upload.close(cancel);
  } finally {
    own?.delete(stream);
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
      const { bySession } = session.gateway.slot(uploads);
      for (const upload of bySession.get(session)?.values() ?? []) {
        upload.fail(new StanzaError('not-connected', 'The session has ended'));
      }
      bySession.delete(session);
    },
    linkUp: (gateway) => void findUploadService(gateway),
  },
});
