/** What the next message is about: an answer to another one, or a better version of it. */
import type { ShownMessage } from 'stanzawire/client/state';

export interface About {
  readonly kind: 'reply' | 'edit';
  readonly message: ShownMessage;
}

export function isEditable(message: ShownMessage): boolean {
  const { outgoing, retracted, files, body, draft } = message;
  return outgoing === true && !retracted && !files && body !== undefined && !draft;
}
