/** A slot of the upload service: where a file is put, and where it is fetched (XEP-0363 §5). */
import type { Account } from '../../extension.ts';
import { type ErrorDetails, StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { UploadSlot } from '../../protocol/uploads.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../../xmpp/stanza.ts';
import { ask } from '../discovery.ts';
import { knownService } from './service.ts';

export type File = RequestData<'upload.slot'>;

/** §5: no others may be sent along, whatever the service says. */
const allowedHeaders: readonly string[] = ['Authorization', 'Cookie', 'Expires'];
const maxHeader = 8192;

/** @throws StanzaError item-not-found without a service; what the service refuses with */
export async function requestSlot(account: Account, { filename, size, mediaType }: File): Promise<UploadSlot> {
  const service = knownService(account.gateway);
  const request = el('request', { xmlns: ns.upload, filename, size: String(size), 'content-type': mediaType });
  try {
    const slot = readSlot(await ask(account, service, 'get', request));
    if (slot) return slot;
  } catch (error) {
    throw error instanceof StanzaError ? explain(error, account.gateway.now()) : error;
  }
  throw new StanzaError('undefined-condition', 'The upload service gave no slot that can be used', {
    by: service.full,
  });
}

export function readSlot(slot: Element | undefined): UploadSlot | undefined {
  if (!slot || namespaceOf(slot) !== ns.upload || nameOf(slot) !== 'slot') return undefined;
  const [put, get] = [find(slot, 'put', ns.upload), find(slot, 'get', ns.upload)];
  const [putUrl, getUrl] = [urlOf(put), urlOf(get)];
  if (!put || putUrl === undefined || getUrl === undefined) return undefined;
  const headers = elements(put).flatMap(readHeader);
  return { put: { url: putUrl, headers: Object.fromEntries(headers) }, get: { url: getUrl } };
}

/** A page may make a link of it: nothing but the web. */
function urlOf(element: Element | undefined): string | undefined {
  const text = element?.attrs.url ?? '';
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' ? text : undefined;
}

function readHeader(header: Element): [string, string][] {
  const given = header.attrs.name?.toLowerCase();
  const name = nameOf(header) === 'header' ? allowedHeaders.find((one) => one.toLowerCase() === given) : undefined;
  // §5: a line break would begin another header. A value beyond Latin-1 cannot be one.
  const value = textOf(header).trim();
  return name === undefined || value.length > maxHeader || !/^[\t -~\u00a0-\u00ff]*$/.test(value)
    ? []
    : [[name, value]];
}

/** §5.1: what the condition means here, and from when on it may go well. */
function explain(error: StanzaError, now: number): StanzaError {
  const { app } = error.details;
  const text = (name: string): string | undefined => {
    const child = app?.children?.find((one) => typeof one !== 'string' && one.name === name);
    const [value] = (typeof child === 'object' && child.children) || [];
    return typeof value === 'string' ? value : undefined;
  };
  if (app?.name === 'file-too-large') {
    const limit = text('max-file-size');
    const atMost = limit === undefined ? '' : `: the service takes ${limit} bytes at most`;
    return again(error, `The file is too large${atMost}`, { field: 'size' });
  }
  if (app?.name === 'retry') {
    const wait = Date.parse(app.attrs?.stamp ?? '') - now;
    return again(error, 'The quota for uploads is used up', wait > 0 ? { retryAfterMs: wait } : {});
  }
  if (error.code === 'forbidden' || error.code === 'not-allowed') {
    return again(error, 'The upload service does not let users of this domain upload (docs/servers.md, "Uploads")');
  }
  return error;
}

function again({ code, details }: StanzaError, message: string, more: ErrorDetails = {}): StanzaError {
  return new StanzaError(code, message, { ...details, ...more });
}
