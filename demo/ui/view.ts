/** What of the page is open: the chat in the address, the dialog, the panels, and short notes to the user. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ErrorObject } from 'stanzawire/client';
import { createStore, useStore, type Writable } from '../store.ts';

export type DialogName = 'contact' | 'room' | 'settings' | 'invite';

export interface View {
  readonly chat?: string | undefined;
  readonly dialog?: DialogName | undefined;
  readonly details: boolean;
  readonly drawer: boolean;
  readonly note?: { readonly text: string; readonly bad: boolean } | undefined;
}

export interface Views extends Writable<View> {
  /** What was written and not sent, by chat. */
  readonly drafts: Map<string, string>;
  change(change: Partial<View>): void;
  /** Opens a chat, or the list: the address keeps it, so that the browser's back button works. */
  open(chat: string | undefined): void;
  note(text: string, bad?: boolean): void;
  /** Waits for a request, and says why where it fails. */
  attempt(request: Promise<unknown>, done?: string): Promise<boolean>;
}

const noteMs = 5000;

export function createViews(): Views {
  const store = createStore<View>({ chat: chatInAddress(), details: false, drawer: false });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (part: Partial<View>): void => store.set({ ...store.getSnapshot(), ...part });
  addEventListener('popstate', () => change({ chat: chatInAddress() }));
  const note = (text: string, bad = false): void => {
    clearTimeout(timer);
    timer = setTimeout(() => change({ note: undefined }), noteMs);
    change({ note: { text, bad } });
  };
  return {
    ...store,
    drafts: new Map(),
    change,
    note,
    open: (chat) => {
      const address = chat === undefined ? '#' : `#${encodeURIComponent(chat)}`;
      if (chat !== store.getSnapshot().chat) history.pushState(null, '', address);
      change({ chat, dialog: undefined });
    },
    attempt: async (request, done) => {
      try {
        await request;
        if (done !== undefined) note(done);
        return true;
      } catch (error) {
        note(explain(error), true);
        return false;
      }
    },
  };
}

function chatInAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}

const explanations: Partial<Record<string, string>> = {
  'service-unavailable': 'They cannot be reached at that address',
  'remote-server-not-found': 'There is no such server',
  'item-not-found': 'There is nothing at that address',
  'registration-required': 'Members only',
  'jid-malformed': 'That is no address: it looks like name@example.com',
  conflict: 'The name is taken',
};

export function explain(error: unknown): string {
  const { code, message } = error as Partial<ErrorObject>;
  return explanations[code ?? ''] ?? message ?? String(error);
}

export const ViewContext = createContext<Views | undefined>(undefined);

export function useViews(): Views {
  const views = useContext(ViewContext);
  if (!views) throw new Error('there is no view');
  return views;
}

export function useView<R>(select: (view: View) => R): R {
  return useStore(useViews(), select);
}
