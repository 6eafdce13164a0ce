/** One message: who, what, when, and how far it has come. */
import type { ShownMessage } from 'stanzawire/client/state';
import { authorName, bare, fileName, fullTime, timeOf } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Linked } from '../text.tsx';
import { Avatar, hueOf } from '../ui/avatar.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import type { About } from './about.ts';
import { Actions } from './actions.tsx';
import { isOnlyEmoji } from './emoji.ts';
import { Files } from './files.tsx';
import { Reactions } from './reactions.tsx';

interface Props {
  readonly message: ShownMessage;
  /** The first of what one person wrote in one go. */
  readonly first: boolean;
  readonly onAbout: (about: About) => void;
}

export function Message({ message, first, onAbout }: Props) {
  const { people } = useSession();
  const all = useStore(people, (value) => value);
  const author = useChat((snapshot) => authorName(snapshot, all, message.from));
  const { outgoing = false, type, retracted, body, time } = message;
  const inRoom = type === 'groupchat';
  const face = inRoom ? message.from : bare(message.from);
  const big = body !== undefined && !message.reply && isOnlyEmoji(body);
  const classes = ['message', outgoing ? 'mine' : 'theirs', first ? 'first' : '', big ? 'big' : ''];
  return (
    <li class={classes.filter(Boolean).join(' ')} data-id={message.originId ?? message.id} data-status={message.status}>
      {inRoom &&
        !outgoing &&
        (first ? <Avatar jid={face} name={author} size="small" /> : <span class="avatar-space" />)}
      <div class="bubble-place">
        <div class="bubble">
          <span class={first && inRoom && !outgoing ? 'author' : 'hidden'} style={{ '--hue': `${hueOf(face)}` }}>
            {outgoing ? 'You' : author}
          </span>
          {retracted ? <Retracted reason={retracted.reason} /> : <Content message={message} />}
          <span class="meta">
            {message.edited && !retracted && <span>edited</span>}
            <time dateTime={time} title={fullTime(time)}>
              {timeOf(time)}
            </time>
            {outgoing && !retracted && <Rung message={message} />}
          </span>
        </div>
        {!retracted && <Reactions message={message} />}
        {message.status === 'failed' && <Failed message={message} />}
      </div>
      {!retracted && <Actions message={message} onAbout={onAbout} />}
    </li>
  );
}

function Content({ message }: { readonly message: ShownMessage }) {
  const { subject, body, files, spoiler, encryption, attention, form } = message;
  const text = body !== undefined && body !== '' && (
    <p class="body" dir="auto">
      <Linked text={body} />
    </p>
  );
  return (
    <>
      {message.reply && <Quote message={message} />}
      {subject && (
        <p class="subject" dir="auto">
          {subject}
        </p>
      )}
      {files && <Files files={files} />}
      {spoiler === undefined ? (
        text
      ) : (
        <details class="spoiler">
          <summary>{spoiler || 'Spoiler'}</summary>
          {text}
        </details>
      )}
      {attention && <p class="soft">wants your attention</p>}
      {form && <p class="soft">{form.title ?? 'A form'}</p>}
      {encryption && !body && <p class="soft">Encrypted with {encryption.name ?? encryption.namespace}</p>}
    </>
  );
}

function Retracted({ reason }: { readonly reason: string | undefined }) {
  return (
    <p class="body gone">
      <Icon name="trash" />
      Message deleted{reason ? `: ${reason}` : ''}
    </p>
  );
}

/** What the message answers; a click shows it where it stands. */
function Quote({ message }: { readonly message: ShownMessage }) {
  const { people } = useSession();
  const all = useStore(people, (value) => value);
  const { id = '', to, quote } = message.reply ?? {};
  const original = useChat((snapshot) => snapshot.messages[message.chat]?.find((one) => one.id === id));
  const author = useChat((snapshot) => {
    if (original?.outgoing) return 'You';
    const from = original?.from ?? to;
    return from === undefined ? '' : authorName(snapshot, all, from);
  });
  const show = (): void => {
    const key = original?.originId ?? id;
    const node = document.querySelector(`.message[data-id="${CSS.escape(key)}"]`);
    node?.scrollIntoView({ block: 'center' });
    node?.classList.add('found-now');
    node?.addEventListener('animationend', () => node.classList.remove('found-now'), { once: true });
  };
  const text = original?.retracted
    ? 'Message deleted'
    : (original?.body ?? quote ?? (original?.files?.[0] ? fileName(original.files[0]) : '…'));
  return (
    <button type="button" class="quote" onClick={show}>
      <strong>{author}</strong>
      <span dir="auto">{text}</span>
    </button>
  );
}

const rungs: Record<NonNullable<ShownMessage['status']>, { icon: IconName; label: string }> = {
  pending: { icon: 'clock', label: 'On its way' },
  sent: { icon: 'check', label: 'Sent' },
  delivered: { icon: 'checks', label: 'Delivered' },
  displayed: { icon: 'checks', label: 'Read' },
  failed: { icon: 'alert', label: 'Not sent' },
};

function Rung({ message: { status } }: { readonly message: ShownMessage }) {
  if (status === undefined) return null;
  const { icon, label } = rungs[status];
  return (
    <span class={`rung ${status}`} role="img" aria-label={label} title={label}>
      <Icon name={icon} />
    </span>
  );
}

function Failed({ message }: { readonly message: ShownMessage }) {
  const { state } = useSession();
  return (
    <p class="failed">
      <span>Not sent: {message.error?.message ?? 'nobody knows why'}</span>
      {message.draft && (
        <button type="button" class="small" onClick={() => void state.retry(message)?.catch(() => undefined)}>
          Try again
        </button>
      )}
    </p>
  );
}
