/**
 * What contacts' clients want to be told of, by the hash in their presence (XEP-0115 §6.2): asked once for each hash, and
 * kept if the answer is what the hash says (§5.4).
 */
import { hash } from 'node:crypto';
import { type Account, slot } from '../extension.ts';
import type { DiscoInfo } from '../protocol/discovery.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Jid } from '../xmpp/jid.ts';
import { detach, type Element } from '../xmpp/stanza.ts';
import { discoInfo } from './discovery.ts';

const maxKept = 2000;
/** Questions under way, all accounts together; who comes then is asked at its next presence. */
const maxAsking = 64;

type Wants = ReadonlySet<string>;

const caps = slot(() => ({ kept: new Map<string, Wants>(), asking: new Map<string, Promise<Wants | undefined>>() }));

/** The nodes of which it wants notifications (`node+notify`); undefined where that cannot be known now. */
export async function notifyOf(account: Account, from: Jid, c: Element): Promise<Wants | undefined> {
  const { node = '', ver = '', hash: algorithm } = c.attrs;
  if (algorithm !== 'sha-1' || ver === '' || node.length + ver.length > 512) return undefined;
  const { kept, asking } = account.gateway.slot(caps);
  const known = kept.get(ver);
  if (known) return known;
  const under = asking.get(ver);
  if (under) return under;
  if (asking.size >= maxAsking) return undefined;
  const answer = ask(account, from, node, detach(ver)).finally(() => asking.delete(ver));
  asking.set(detach(ver), answer);
  return answer;
}

async function ask(account: Account, from: Jid, node: string, ver: string): Promise<Wants | undefined> {
  try {
    const info = await discoInfo(account, from, `${node}#${ver}`);
    const features = info.features.flatMap((name) => (name.endsWith('+notify') ? detach(name.slice(0, -7)) : []));
    const wants: Wants = new Set(features);
    if (versionOf(info) === ver) keep(account, ver, wants);
    return wants;
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

function keep(account: Account, ver: string, wants: Wants): void {
  const { kept } = account.gateway.slot(caps);
  kept.set(ver, wants);
  for (const oldest of kept.keys()) {
    if (kept.size <= maxKept) return;
    kept.delete(oldest);
  }
}

/** §5.1. */
export function versionOf({ identities, features, forms = [] }: DiscoInfo): string {
  const who = identities.map(({ category, type, lang = '', name = '' }) => `${category}/${type}/${lang}/${name}`);
  const extended = forms.map(({ fields }) => {
    const [kind] = fields.find(({ var: name }) => name === 'FORM_TYPE')?.values ?? [];
    const others = fields.filter(({ var: name }) => name !== undefined && name !== 'FORM_TYPE');
    const lines = others.map(({ var: name = '', values }) => [name, ...values.toSorted()].join('<')).toSorted();
    return [kind ?? '', ...lines].join('<');
  });
  return hash('sha1', [...who.toSorted(), ...features.toSorted(), ...extended.toSorted(), ''].join('<'), 'base64');
}
