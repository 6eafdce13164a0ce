/** Emoji by groups, or by their words. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { emojiGroups } from './emoji.ts';

interface Props {
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}

export function EmojiPicker({ onPick, onClose }: Props) {
  const [query, setQuery] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    const outside = ({ target }: Event): void => {
      if (target instanceof Node && !box.current?.parentElement?.contains(target)) onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, []);
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  const wanted = query.trim().toLowerCase();
  return (
    <div ref={box} class="emoji-picker" role="dialog" aria-label="Emoji" onKeyDown={keys}>
      <input
        ref={input}
        type="search"
        placeholder="Find an emoji"
        aria-label="Find an emoji"
        value={query}
        onInput={({ currentTarget }) => setQuery(currentTarget.value)}
      />
      <div class="emoji-groups">
        {emojiGroups.map(({ name, all }) => {
          const found = all.filter(({ words }) => words.includes(wanted));
          return (
            found.length > 0 && (
              <section key={name} aria-label={name}>
                <h3>{name}</h3>
                {found.map(({ emoji, words }) => (
                  <button key={emoji} type="button" aria-label={words} title={words} onClick={() => onPick(emoji)}>
                    {emoji}
                  </button>
                ))}
              </section>
            )
          );
        })}
      </div>
    </div>
  );
}
