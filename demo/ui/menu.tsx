/** A button and its menu: arrow keys move, Escape and a click elsewhere close it, and the focus goes back. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';

interface Props {
  readonly icon: IconName;
  readonly label: string;
  readonly class?: string;
  readonly tabIndex?: number;
  /** Gets what closes the menu. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Menu({ icon, label, children, ...button }: Props) {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <span class="menu-place">
      <IconButton
        {...button}
        buttonRef={opener}
        icon={icon}
        label={label}
        expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <MenuBox label={label} close={close} leave={() => setOpen(false)}>
          {children(close)}
        </MenuBox>
      )}
    </span>
  );
}

interface BoxProps {
  readonly label: string;
  readonly close: () => void;
  readonly leave: () => void;
  readonly children: ComponentChildren;
}

function MenuBox({ label, close, leave, children }: BoxProps) {
  const box = useRef<HTMLDivElement>(null);
  // Before the first paint: whoever presses Escape at once means this menu.
  useLayoutEffect(() => {
    const items = (): HTMLElement[] => [...(box.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
    place(box.current);
    items()[0]?.focus();
    const outside = (event: Event): void => {
      if (event.target instanceof Node && !box.current?.parentElement?.contains(event.target)) leave();
    };
    const keys = (event: KeyboardEvent): void => {
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: -1 }[
        event.key
      ];
      if (to !== undefined) all.at(to >= all.length ? 0 : to)?.focus();
      else if (event.key === 'Escape') close();
      else {
        if (event.key === 'Tab') leave();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    };
    const node = box.current;
    node?.addEventListener('keydown', keys);
    document.addEventListener('pointerdown', outside);
    return () => {
      node?.removeEventListener('keydown', keys);
      document.removeEventListener('pointerdown', outside);
    };
  }, []);
  return (
    <div ref={box} class="menu" role="menu" aria-label={label}>
      {children}
    </div>
  );
}

/** Upwards, or to the left, where there is no room. */
function place(box: HTMLElement | null): void {
  if (!box) return;
  const { bottom, right, left } = box.getBoundingClientRect();
  box.classList.toggle('up', bottom > innerHeight - 8);
  box.classList.toggle('leftwards', right > innerWidth - 8);
  box.classList.toggle('rightwards', left < 8);
}

interface ItemProps {
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

export function MenuItem({ icon, danger = false, onClick, children }: ItemProps) {
  return (
    <button type="button" role="menuitem" class={danger ? 'danger' : ''} tabIndex={-1} onClick={onClick}>
      <Icon name={icon} />
      <span>{children}</span>
    </button>
  );
}
