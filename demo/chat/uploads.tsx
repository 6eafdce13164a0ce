/** Files on their way to the server's upload service, and then into the chat. */
import { useState } from 'preact/hooks';
import { fileName, sizeOf } from '../names.ts';
import { useSession } from '../session.ts';
import { IconButton } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { explain } from '../ui/view.ts';
import { shareFile } from './upload.ts';

interface Item {
  readonly id: number;
  readonly file: File;
  /** From 0 to 1. */
  readonly done: number;
  readonly problem?: string;
  readonly abort: AbortController;
}

export interface Uploads {
  readonly items: readonly Item[];
  readonly add: (files: readonly File[]) => void;
  readonly remove: (id: number) => void;
}

export function useUploads(chat: string): Uploads {
  const { client } = useSession();
  const [items, setItems] = useState<readonly Item[]>([]);
  const change = (id: number, part: Partial<Item>): void =>
    setItems((all) => all.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const remove = (id: number): void =>
    setItems((all) => {
      all.find((one) => one.id === id)?.abort.abort();
      return all.filter((one) => one.id !== id);
    });
  const send = async ({ id, file, abort }: Item): Promise<void> => {
    try {
      const sent = await shareFile(client, file, { signal: abort.signal, progress: (done) => change(id, { done }) });
      client.send({ to: chat, files: [sent] }).catch(() => undefined);
      remove(id);
    } catch (error) {
      if (!abort.signal.aborted) change(id, { problem: explain(error) });
    }
  };
  const add = (files: readonly File[]): void => {
    const added = files.map((file) => ({ id: Math.random(), file, done: 0, abort: new AbortController() }));
    setItems((all) => [...all, ...added]);
    for (const item of added) void send(item);
  };
  return { items, add, remove };
}

export function UploadList({ uploads: { items, remove } }: { readonly uploads: Uploads }) {
  if (items.length === 0) return null;
  return (
    <ul class="uploads" aria-label="Uploads">
      {items.map(({ id, file, done, problem }) => (
        <li key={id} class={problem === undefined ? 'upload' : 'upload bad'}>
          <Icon name="file" />
          <span class="file-name" dir="auto">
            {fileName(file)}
          </span>
          <span class="file-facts">{problem ?? sizeOf(file.size)}</span>
          <progress aria-label={`Upload of ${fileName(file)}`} max={1} value={done} hidden={problem !== undefined} />
          <IconButton icon="close" label={`Cancel ${fileName(file)}`} onClick={() => remove(id)} />
        </li>
      ))}
    </ul>
  );
}
