/** One stop for the tab key in a long list of messages: the arrow keys go from one message's menu to the next. */
import { useEffect } from 'preact/hooks';

const menus = '.message .actions .icon-button';

export function useRoving(box: { current: HTMLElement | null }): void {
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const keys = (event: KeyboardEvent): void => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step === undefined) return;
      const all = [...node.querySelectorAll<HTMLElement>(menus)];
      const at = all.indexOf(document.activeElement as HTMLElement);
      const next = at < 0 ? all.at(-1) : all[at + step];
      if (!next) return;
      event.preventDefault();
      for (const one of all) one.tabIndex = one === next ? 0 : -1;
      next.focus();
      next.closest('.message')?.scrollIntoView({ block: 'nearest' });
    };
    node.addEventListener('keydown', keys);
    return () => node.removeEventListener('keydown', keys);
  }, [box]);
}
