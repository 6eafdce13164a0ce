/** A face: the person's picture, or initials on a colour that is theirs everywhere (XEP-0392 1.0). */
import { sha1 } from '@noble/hashes/legacy.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { bare, type ShowName, showNames } from '../names.ts';
import { useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Icon } from './icon.tsx';

interface Props {
  /** Whose colour and picture it is: a JID, or in rooms the nick. */
  readonly jid: string;
  readonly name: string;
  readonly size?: 'small' | 'medium' | 'large' | 'huge';
  readonly show?: ShowName | undefined;
  readonly room?: boolean;
}

export function Avatar({ jid, name, size = 'medium', show, room = false }: Props) {
  const { people } = useSession();
  const person = useStore(people, (all) => all[jid]);
  const [broken, setBroken] = useState<string>();
  const isPerson = !room && jid.includes('@') && bare(jid) === jid;
  useEffect(() => {
    if (isPerson) people.want(jid);
  }, [people, jid, isPerson]);
  const hue = useMemo(() => hueOf(jid), [jid]);
  const url = person?.avatarUrl;
  return (
    <span class={`avatar ${size}${room ? ' room' : ''}`} style={{ '--hue': `${hue}` }}>
      {url !== undefined && url !== broken ? (
        <img src={url} alt="" onError={() => setBroken(url)} />
      ) : (
        <span aria-hidden="true">{room ? <Icon name="hash" /> : initials(name)}</span>
      )}
      {show && <span class={`dot ${show}`} role="img" aria-label={showNames[show]} title={showNames[show]} />}
    </span>
  );
}

/** XEP-0392 §5.1. */
export function hueOf(text: string): number {
  const [low = 0, high = 0] = sha1(utf8ToBytes(text));
  return Math.round(((low + high * 256) / 65_536) * 360);
}

const first = (word: string): string =>
  new Intl.Segmenter().segment(word)[Symbol.iterator]().next().value?.segment ?? '?';

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => first(word ?? '?'))
    .join('')
    .toUpperCase();
}
