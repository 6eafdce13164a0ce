/** The upload service that `ready` names: the configured one, else the first that the server lists (XEP-0363 §4). */
import { type Gateway, slot } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Form } from '../../protocol/forms.ts';
import { type Jid, parse, tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { detach, type Element, el, elements } from '../../xmpp/stanza.ts';
import { readInfo } from '../discovery.ts';

/** So many of the server's items are looked at. */
const maxItems = 30;

export interface UploadService {
  readonly jid: string;
  /** The largest file it takes, where it says so. */
  readonly maxBytes?: number;
}

const found = slot(() => ({ service: undefined as UploadService | undefined }));

export function uploadService(gateway: Gateway): UploadService | undefined {
  const { service } = gateway.slot(found);
  if (service !== undefined || gateway.uploads.service === undefined) return service;
  return { jid: gateway.uploads.service };
}

/** @throws StanzaError item-not-found */
export function knownService(gateway: Gateway): Jid {
  const service = uploadService(gateway);
  if (service) return parse(service.jid);
  throw new StanzaError('item-not-found', 'No upload service of the XMPP server is known');
}

/** Looks for it, where it is not known. Never throws. */
export async function findUploadService(gateway: Gateway): Promise<void> {
  if (uploadService(gateway)) return;
  const state = gateway.slot(found);
  try {
    for (const jid of await candidates(gateway)) {
      state.service = await askService(gateway, jid);
      if (state.service) return;
    }
  } catch (error) {
    // Without it nobody can upload; the next link looks again.
    if (!(error instanceof StanzaError)) throw error;
  }
}

async function candidates(gateway: Gateway): Promise<string[]> {
  const items = await ask(gateway, gateway.server, ns.discoItems);
  const jids = (items ? elements(items) : []).flatMap(({ attrs }) => tryParse(attrs.jid ?? '') ?? []);
  const services = jids.slice(0, maxItems).filter(({ local, full }) => local === '' && full !== gateway.domain);
  return services.map(({ full }) => full);
}

async function askService(gateway: Gateway, jid: string): Promise<UploadService | undefined> {
  try {
    const { features, forms = [] } = readInfo(await ask(gateway, jid, ns.discoInfo));
    if (!features.includes(ns.upload)) return undefined;
    const maxBytes = limitIn(forms);
    return { jid: detach(jid), ...(maxBytes === undefined ? {} : { maxBytes }) };
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

/** §4, example 4. */
function limitIn(forms: readonly Form[]): number | undefined {
  const firstOf = ({ fields }: Form, name: string) => fields.find((field) => field.var === name)?.values[0];
  const form = forms.find((one) => firstOf(one, 'FORM_TYPE') === ns.upload);
  const limit = Number((form && firstOf(form, 'max-file-size')) ?? Number.NaN);
  return Number.isSafeInteger(limit) && limit > 0 ? limit : undefined;
}

async function ask(gateway: Gateway, to: string, xmlns: string): Promise<Element | undefined> {
  const answer = await gateway.request(el('iq', { from: gateway.domain, to, type: 'get' }, el('query', { xmlns })));
  return elements(answer)[0];
}
