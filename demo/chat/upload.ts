/** Brings one file to the server's upload service, and says what a message tells of it. */
import type { Client, Message } from 'stanzawire/client';
import { upload } from 'stanzawire/client/upload';

interface Options {
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly progress: (done: number) => void;
}

type SharedFile = NonNullable<Message['files']>[number];

export async function shareFile(client: Client, file: File, { signal, progress }: Options): Promise<SharedFile> {
  const onProgress = ({ loaded, total }: { loaded: number; total: number }): void => progress(loaded / total);
  // The page's content policy lets it speak to its own gateway only, which puts the file there for it.
  const shared = await upload(client, file, { signal, onProgress, via: 'socket' });
  return { ...shared, ...(await dimensions(file)) };
}

/** So that the page has room for an image before it is there. */
async function dimensions(file: File): Promise<{ width?: number; height?: number }> {
  if (!file.type.startsWith('image/')) return {};
  try {
    const { width, height } = await createImageBitmap(file);
    return { width, height };
  } catch {
    return {};
  }
}
