/** Files of a message: images as images, everything else as something to download. */
import type { Message } from 'stanzawire/client';
import { fileName, sizeOf } from '../names.ts';
import { isWeb } from '../text.tsx';
import { Icon } from '../ui/icon.tsx';

type File = NonNullable<Message['files']>[number];

export function Files({ files }: { readonly files: readonly File[] }) {
  return (
    <ul class="files">
      {files.map((file) => (
        <li key={file.url}>{isImage(file) && isWeb(file.url) ? <Picture file={file} /> : <Other file={file} />}</li>
      ))}
    </ul>
  );
}

/** The sender's word; where there is none, the name's ending. SVG is shown as any other image: an `img` runs no scripts. */
function isImage(file: File): boolean {
  if (file.mediaType !== undefined) return file.mediaType.startsWith('image/');
  return /\.(png|jpe?g|gif|webp|avif)$/i.test(fileName(file));
}

function Picture({ file }: { readonly file: File }) {
  const { url, desc, width, height } = file;
  const size = width && height ? { width, height } : {};
  return (
    <a class="picture" href={url} target="_blank" rel="noopener noreferrer nofollow">
      <img src={url} alt={desc || fileName(file)} loading="lazy" decoding="async" {...size} />
    </a>
  );
}

function Other({ file }: { readonly file: File }) {
  const facts = [file.size === undefined ? '' : sizeOf(file.size), file.mediaType ?? ''].filter(Boolean).join(' · ');
  const card = (
    <>
      <Icon name="file" />
      <span class="file-name">{fileName(file)}</span>
      <span class="file-facts">{facts}</span>
    </>
  );
  // Such as `aesgcm:` of encrypted files, and whatever else a page should not open.
  if (!isWeb(file.url)) return <span class="file">{card}</span>;
  return (
    <a class="file" href={file.url} target="_blank" rel="noopener noreferrer nofollow">
      {card}
    </a>
  );
}
