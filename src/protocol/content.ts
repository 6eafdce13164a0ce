/**
 * The content of a message (PROTOCOL.md §9): what a client writes and an event carries alike. What others wrote is as long
 * as they made it; what a client writes is bounded here.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { File } from './files.ts';
import { Form, FormField, FormValues, formTypes } from './forms.ts';
import { oneOf } from './one-of.ts';
import { Jid, Lang, MessageId, Time } from './values.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const ShortText = (maxLength: number, description: string) => Type.String({ maxLength, description });
const Offset = Type.Integer({ minimum: 0, description: 'In code points of `body`' });

export const Reply = Type.Object(
  {
    id: MessageId,
    to: optional(Jid),
    quote: optional(Type.String({ description: 'The text of that message, for who does not have it' })),
  },
  { description: 'The message that this one answers (XEP-0461)' },
);

export const Mention = Type.Object(
  { jid: Jid, begin: optional(Offset), end: optional(Offset) },
  { description: 'Somebody is meant (XEP-0372): where in the body; `end` is behind the last character' },
);

export const Encryption = Type.Object(
  { namespace: Type.String({ minLength: 1, maxLength: 1023 }), name: optional(ShortText(1023, 'For people')) },
  { description: 'How it was encrypted (XEP-0380)' },
);

export const Payload = Type.Object(
  {
    datatype: optional(Type.String({ minLength: 1, maxLength: 1023, description: 'What it is: a URI (XEP-0432)' })),
    json: Type.Unknown({ description: 'Any JSON' }),
  },
  { description: 'Data for programs (XEP-0432, XEP-0335)' },
);

const hints = oneOf(['no-permanent-store', 'no-store', 'no-copy', 'store']);

const text = {
  body: optional(Type.String({ description: 'The text' })),
  bodies: optional(Type.Record(Type.String(), Type.String(), { description: 'The text by language, beside `body`' })),
  lang: optional(Lang),
  subject: optional(Type.String({ description: 'RFC 6121 §5.2.4' })),
  thread: optional(Type.String({ description: 'RFC 6121 §5.2.5' })),
  parentThread: optional(Type.String({ description: 'The thread this one is a branch of' })),
};

/** What both sides write alike, but for bounds. */
const parts = {
  reply: optional(Reply),
  mentions: optional(Type.Array(Mention)),
  files: optional(Type.Array(File)),
  html: optional(Type.String({ description: 'The text with markup; safe to insert (XEP-0071)' })),
  spoiler: optional(Type.String({ description: 'To be shown on demand; the hint, or nothing (XEP-0382)' })),
  attention: optional(Type.Boolean({ description: 'It wants to be noticed (XEP-0224)' })),
  unstyled: optional(Type.Boolean({ description: 'The body has no markup to be guessed (XEP-0393)' })),
  encryption: optional(Encryption),
  payload: optional(Payload),
  hints: optional(Type.Array(hints, { description: 'XEP-0334' })),
};

/** A message inside of a message: what its forwarder says that it was. */
export const Forwarded = Type.Object(
  {
    id: optional(Type.String()),
    from: optional(Jid),
    to: optional(Jid),
    type: optional(oneOf(['chat', 'groupchat', 'normal', 'headline'])),
    time: optional(Time),
    ...text,
    ...parts,
    form: optional(Form),
  },
  { description: 'A forwarded message (XEP-0297): a claim' },
);

export const content = { ...text, ...parts, form: optional(Form), forwarded: optional(Type.Array(Forwarded)) };

/** A form as a client writes it: with fields, or as an answer with values alone. */
export const FormInput = Type.Object(
  {
    type: oneOf(formTypes),
    title: optional(ShortText(3071, 'For people')),
    instructions: optional(ShortText(16_384, 'For people')),
    fields: optional(Type.Array(FormField, { maxItems: 500 })),
    values: optional(FormValues),
  },
  { description: 'A data form (XEP-0004)' },
);

const written = {
  subject: optional(ShortText(3071, 'RFC 6121 §5.2.4')),
  thread: optional(ShortText(1023, 'RFC 6121 §5.2.5')),
  parentThread: optional(ShortText(1023, 'The thread this one is a branch of')),
  mentions: optional(Type.Array(Mention, { maxItems: 100 })),
  files: optional(Type.Array(File, { maxItems: 20 })),
  spoiler: optional(ShortText(1023, 'To be shown on demand; the hint, or nothing (XEP-0382)')),
  hints: optional(Type.Array(hints, { maxItems: 4, description: 'XEP-0334' })),
  form: optional(FormInput),
  forwarded: optional(Type.Array(Forwarded, { maxItems: 10 })),
};

/** The content of a message as a client sends it. */
export const MessageContent = Type.Object({ ...content, ...written });

export type MessageContent = Static<typeof MessageContent>;
export type Reply = Static<typeof Reply>;
export type Mention = Static<typeof Mention>;
export type Encryption = Static<typeof Encryption>;
export type Payload = Static<typeof Payload>;
export type Forwarded = Static<typeof Forwarded>;
export type FormInput = Static<typeof FormInput>;
