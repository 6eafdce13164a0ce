/** The life of a page: seen or not, put into the back/forward cache, reloaded, the network lost and found. */
import { platform } from './platform.ts';

export interface PageWatcher {
  /** Somebody looks at the page, or nobody does. */
  visible(visible: boolean): void;
  /** The page goes; it may come back as it is, or be loaded again. */
  leave(mayComeBack: boolean): void;
  /** Something has happened that a connection may not have survived, or that gives it back. */
  wake(): void;
}

/** Until the signal says so; does nothing where there is no page. */
export function watchPage(watcher: PageWatcher, signal: AbortSignal): void {
  const { document } = platform;
  const wake = (): void => watcher.wake();
  const visible = (): void => {
    watcher.visible(!isHidden());
    if (!isHidden()) wake();
  };
  const options = { signal };
  document?.addEventListener('visibilitychange', visible, options);
  // https://wicg.github.io/page-lifecycle: a frozen page comes back with `resume`.
  document?.addEventListener('resume', wake, options);
  platform.addEventListener?.('pagehide', ({ persisted }) => watcher.leave(!!persisted), options);
  platform.addEventListener?.('pageshow', ({ persisted }) => persisted && wake(), options);
  platform.addEventListener?.('online', wake, options);
}

export function isHidden(): boolean {
  return !!platform.document?.hidden;
}
