/** Where one writes: Enter sends, Shift and Enter begins a line, the arrow up edits the last message. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RequestData } from 'stanzawire/client';
import { authorName, fileName, useChatName } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { IconButton } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { useViews } from '../ui/view.ts';
import type { About } from './about.ts';
import { EmojiPicker } from './emoji-picker.tsx';
import { useTyping } from './typing.ts';

interface Props {
  readonly chat: string;
  readonly about: About | undefined;
  readonly onDone: () => void;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onEditLast: () => void;
}

export function Composer({ chat, about, onDone, onFiles, onEditLast }: Props) {
  const name = useChatName(chat);
  const { text, setText, submit, input } = useDraft(chat, about, onDone);
  const [picking, setPicking] = useState(false);
  const onKeyDown = (event: KeyboardEvent): void => {
    const { key, shiftKey, isComposing } = event;
    if (key === 'Enter' && !shiftKey && !isComposing) submit(event);
    else if (key === 'ArrowUp' && text === '') {
      event.preventDefault();
      onEditLast();
    }
  };
  const closePicker = (): void => {
    setPicking(false);
    input.current?.focus();
  };
  const insert = (emoji: string): void => {
    const { selectionStart = text.length, selectionEnd = text.length } = input.current ?? {};
    setText(text.slice(0, selectionStart) + emoji + text.slice(selectionEnd));
    closePicker();
  };
  const paste = (event: ClipboardEvent): void => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  };
  return (
    <form class="composer" onSubmit={submit}>
      {about && <AboutLine about={about} onCancel={onDone} />}
      <div class="composer-row">
        <Attach onFiles={onFiles} />
        <textarea
          ref={input}
          rows={1}
          dir="auto"
          maxLength={10_000}
          enterkeyhint="send"
          placeholder={`Message ${name}`}
          aria-label={`Message to ${name}`}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={paste}
        />
        <span class="menu-place">
          <IconButton icon="smile" label="Emoji" expanded={picking} onClick={() => setPicking(!picking)} />
          {picking && <EmojiPicker onPick={insert} onClose={closePicker} />}
        </span>
        <IconButton icon="send" label={about?.kind === 'edit' ? 'Save' : 'Send'} type="submit" class="send" />
      </div>
    </form>
  );
}

/** The text, kept while other chats are looked at; `submit` makes a message of it, or an edit. */
function useDraft(chat: string, about: About | undefined, onDone: () => void) {
  const { client } = useSession();
  const views = useViews();
  const drafts = views.drafts;
  const [text, write] = useState(drafts.get(chat) ?? '');
  const input = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(chat);
  const setText = (next: string): void => {
    write(next);
    if (about?.kind === 'edit') return;
    drafts.set(chat, next);
    typing.typed(next);
  };
  useEffect(() => {
    write(about?.kind === 'edit' ? (about.message.body ?? '') : (drafts.get(chat) ?? ''));
    // On a phone the keyboard comes when it is asked for.
    if (about || matchMedia('(pointer: fine)').matches) input.current?.focus();
  }, [chat, about, drafts]);
  useLayoutEffect(() => {
    const node = input.current;
    if (!node) return;
    node.style.height = 'auto';
    node.style.height = `${node.scrollHeight}px`;
  }, [text]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const body = text.trim();
    if (body === '') return;
    if (about?.kind === 'edit') {
      void views.attempt(client.request('message.edit', { to: chat, id: about.message.id, body }));
    } else {
      const draft: RequestData<'message.send'> = { to: chat, body };
      // What fails is told below the message.
      client.send(about ? { ...draft, reply: { id: about.message.id } } : draft).catch(() => undefined);
      typing.sent();
      drafts.delete(chat);
    }
    write(about?.kind === 'edit' ? (drafts.get(chat) ?? '') : '');
    onDone();
  };
  return { text, setText, submit, input };
}

function Attach({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="attach" label="Send files" onClick={() => picker.current?.click()} />
      <input
        ref={picker}
        class="hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
    </>
  );
}

function AboutLine({ about: { kind, message }, onCancel }: { readonly about: About; readonly onCancel: () => void }) {
  const { people } = useSession();
  const all = useStore(people, (value) => value);
  const author = useChat((snapshot) => (message.outgoing ? 'yourself' : authorName(snapshot, all, message.from)));
  return (
    <div class="about">
      <Icon name={kind} />
      <div>
        <strong>{kind === 'edit' ? 'Edit message' : `Reply to ${author}`}</strong>
        <span dir="auto">{message.body ?? (message.files?.[0] ? fileName(message.files[0]) : '…')}</span>
      </div>
      <IconButton icon="close" label="Cancel" onClick={onCancel} />
    </div>
  );
}
