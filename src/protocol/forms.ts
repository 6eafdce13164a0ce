/**
 * Data forms (XEP-0004) in JSON, as PROTOCOL.md §9 describes them: what a service asks, and what a client answers. On
 * input a form is a map of values, so that a client need not know what kind each field is of.
 */
import Type, { type Static } from 'typebox';
import { oneOf } from './one-of.ts';

const optional = Type.Optional;

export const formTypes = ['form', 'submit', 'cancel', 'result'] as const;

/** XEP-0004 §3.3; what is none of these counts as `text-single`. */
export const fieldTypes = [
  'boolean',
  'fixed',
  'hidden',
  'jid-multi',
  'jid-single',
  'list-multi',
  'list-single',
  'text-multi',
  'text-private',
  'text-single',
] as const;

export const FormField = Type.Object({
  var: optional(Type.String({ description: 'Its name; only a `fixed` one may have none' })),
  type: oneOf(fieldTypes),
  label: optional(Type.String()),
  desc: optional(Type.String()),
  required: optional(Type.Boolean()),
  options: optional(Type.Array(Type.Object({ label: optional(Type.String()), value: Type.String() }))),
  values: Type.Array(Type.String(), { description: 'Of `boolean`: "1" or "0"; of `text-multi`: its lines' }),
});

export const Form = Type.Object(
  {
    type: oneOf(formTypes),
    title: optional(Type.String()),
    instructions: optional(Type.String()),
    fields: Type.Array(FormField),
  },
  { description: 'A data form (XEP-0004)' },
);

/** One answer: text, a number, a switch, or several texts. */
export const FormValue = Type.Union([
  Type.String({ maxLength: 65_536 }),
  Type.Number(),
  Type.Boolean(),
  Type.Array(Type.String({ maxLength: 65_536 }), { maxItems: 1000 }),
]);
export const FormValues = Type.Record(Type.String(), FormValue, { description: 'Answers to a form, by `var`' });

export type Form = Static<typeof Form>;
export type FormField = Static<typeof FormField>;
export type FormValue = Static<typeof FormValue>;
export type FormValues = Static<typeof FormValues>;
