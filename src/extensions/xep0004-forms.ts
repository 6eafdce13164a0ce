/**
 * XEP-0004 Data Forms 2.13.2, both ways.
 *   {"form":{"type":"form","fields":[{"var":"q","type":"text-single","label":"Search","values":[]}]}}
 *   ↔ <x xmlns="jabber:x:data" type="form"><field var="q" type="text-single" label="Search"/></x>
 * A client answers a form with a map of values; `fill` makes the submission of them.
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import {
  type Form,
  type FormField,
  type FormValue,
  type FormValues,
  fieldTypes,
  formTypes,
} from '../protocol/forms.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, childText, type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';

/** More of a form is not read. */
const maxFields = 500;
const maxOptions = 1000;
const maxValues = 1000;

/** The form in an element, if there is one that makes sense. */
export function findForm(parent: Element, formType?: string): Form | undefined {
  for (const child of elements(parent)) {
    if (nameOf(child) !== 'x' || namespaceOf(child) !== ns.dataForms) continue;
    const form = readForm(child);
    if (form && (formType === undefined || firstValue(form, 'FORM_TYPE') === formType)) return form;
  }
  return undefined;
}

export function readForm(x: Element): Form | undefined {
  const type = formTypes.find((one) => one === x.attrs.type);
  if (!type) return undefined;
  const title = childText(x, 'title', ns.dataForms);
  const instructions = named(x, 'instructions').map(textOf).join('\n');
  return {
    type,
    ...(title ? { title } : {}),
    ...(instructions ? { instructions } : {}),
    fields: named(x, 'field').slice(0, maxFields).map(readField),
  };
}

function named(parent: Element, name: string): Element[] {
  return elements(parent).filter((child) => nameOf(child) === name && namespaceOf(child) === ns.dataForms);
}

function readField(field: Element): FormField {
  const { var: name, label } = field.attrs;
  // §3.3: a kind that is not known is treated as text-single.
  const type = fieldTypes.find((one) => one === field.attrs.type) ?? (name === 'FORM_TYPE' ? 'hidden' : 'text-single');
  const desc = childText(field, 'desc', ns.dataForms);
  const options = named(field, 'option').slice(0, maxOptions).map(readOption);
  const values = named(field, 'value').slice(0, maxValues).map(textOf);
  return {
    ...(name ? { var: name } : {}),
    type,
    ...(label ? { label } : {}),
    ...(desc ? { desc } : {}),
    ...(find(field, 'required', ns.dataForms) ? { required: true } : {}),
    ...(options.length > 0 ? { options } : {}),
    values: type === 'boolean' ? values.map((value) => (isTrue(value) ? '1' : '0')) : values,
  };
}

function readOption(option: Element) {
  const { label } = option.attrs;
  return { ...(label ? { label } : {}), value: childText(option, 'value', ns.dataForms) ?? '' };
}

/** §3.3: `1` and `true` are the same. */
function isTrue(value: string): boolean {
  return value === '1' || value === 'true';
}

export function writeForm({ type, title, instructions, fields }: Form): Element {
  return el(
    'x',
    { xmlns: ns.dataForms, type },
    title === undefined ? undefined : el('title', {}, title),
    instructions === undefined ? undefined : el('instructions', {}, instructions),
    ...fields.map((field) => writeField(field)),
  );
}

function writeField({ var: name, type, label, desc, required, options = [], values }: FormField): Element {
  return el(
    'field',
    { var: name, type, label },
    desc === undefined ? undefined : el('desc', {}, desc),
    required ? el('required') : undefined,
    ...options.map((option) => el('option', { label: option.label }, el('value', {}, option.value))),
    ...values.map((value) => el('value', {}, value)),
  );
}

/** A form's first value of that name. */
export function firstValue(form: Form | undefined, name: string): string | undefined {
  return form?.fields.find((field) => field.var === name)?.values[0];
}

export function boolean(form: Form | undefined, name: string): boolean | undefined {
  const value = firstValue(form, name);
  return value === undefined ? undefined : isTrue(value);
}

/** The submission of these values for a form that nobody was asked for; FORM_TYPE as XEP-0068 has it. */
export function submission(formType: string, values: Record<string, string | readonly string[] | undefined>): Element {
  const fields = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : { name, texts: typeof value === 'string' ? [value] : value },
  );
  return el(
    'x',
    { xmlns: ns.dataForms, type: 'submit' },
    el('field', { var: 'FORM_TYPE', type: 'hidden' }, el('value', {}, formType)),
    ...fields.map(({ name, texts }) => el('field', { var: name }, ...texts.map((text) => el('value', {}, text)))),
  );
}

/** The submission of a client's values for a form that was not seen; FORM_TYPE where it has one (XEP-0068). */
export function unasked(values: FormValues, formType?: string): Element {
  const fields = Object.entries(values).map(([name, value]) => {
    const texts = Array.isArray(value) ? value : [typeof value === 'boolean' ? (value ? '1' : '0') : String(value)];
    return el('field', { var: name }, ...texts.map((text) => el('value', {}, text)));
  });
  const type = formType && el('field', { var: 'FORM_TYPE', type: 'hidden' }, el('value', {}, formType));
  return el('x', { xmlns: ns.dataForms, type: 'submit' }, type || undefined, ...fields);
}

export function cancellation(): Element {
  return el('x', { xmlns: ns.dataForms, type: 'cancel' });
}

/**
 * The submission of a form that was received: the given values, and for the other fields those it came with. `pathOf`
 * names a value's field in the request.
 * @throws StanzaError bad-request: no such field, or a value that it does not take
 */
export function fill(form: Form, values: FormValues, pathOf = (name: string) => `values.${name}`): Element {
  const byName = new Map(form.fields.flatMap((field) => (field.var === undefined ? [] : [[field.var, field]])));
  for (const name of Object.keys(values)) {
    const field = byName.get(name);
    if (!field || field.type === 'fixed' || name === 'FORM_TYPE') {
      const known = [...byName].filter(
        ([one, { type }]) => type !== 'hidden' && type !== 'fixed' && one !== 'FORM_TYPE',
      );
      const choice = known.map(([one]) => one).join(', ');
      throw badRequest(pathOf(name), `The form has no field ${name.slice(0, 100)}; it has ${choice || 'none'}`);
    }
  }
  // §3.2: a fixed field is text to read. What has no value and needs none is left out: it stays what it is.
  const filled = [...byName].flatMap(([name, field]) => {
    const given = Object.hasOwn(values, name) ? values[name] : undefined;
    if (field.type === 'fixed' || (given === undefined && field.values.length === 0)) return [];
    const texts = given === undefined ? field.values : textsOf(field, given, pathOf(name));
    return el('field', { var: name, type: field.type }, ...texts.map((text) => el('value', {}, text)));
  });
  return el('x', { xmlns: ns.dataForms, type: 'submit' }, ...filled);
}

const switches: Record<string, string> = { true: '1', false: '0', '1': '1', '0': '0' };

/** A value as the field's kind has it on the wire. */
function textsOf({ type, options, required }: FormField, given: FormValue, path: string): string[] {
  if (type === 'boolean') {
    const text = Array.isArray(given) ? undefined : switches[String(given)];
    if (text === undefined) throw badRequest(path, `${path} is true or false`);
    return [text];
  }
  const texts = (Array.isArray(given) ? given : [String(given)]).filter(
    (text, _, all) => text !== '' || all.length > 1,
  );
  if (required && texts.length === 0) throw badRequest(path, `${path} is required`);
  if (type === 'text-multi') return texts.flatMap((text) => text.split(/\r?\n/));
  if (!type.endsWith('-multi') && texts.length > 1) throw badRequest(path, `${path} takes one value`);
  if (type.startsWith('jid-')) checkJids(texts, path);
  if (type.startsWith('list-')) checkChoice(texts, options ?? [], path);
  // An empty text is a value too: it takes back what there was.
  return texts.length === 0 && !type.endsWith('-multi') ? [''] : texts;
}

function checkJids(texts: readonly string[], path: string): void {
  for (const text of texts) if (!tryParse(text)) throw badRequest(path, `${text.slice(0, 100)} is not a JID`);
}

function checkChoice(texts: readonly string[], options: NonNullable<FormField['options']>, path: string): void {
  if (options.length === 0) return;
  const unknown = texts.find((text) => !options.some(({ value }) => value === text));
  if (unknown === undefined) return;
  const choice = options.map(({ value }) => value).join(', ');
  throw badRequest(path, `${unknown.slice(0, 100)} is none of ${choice.slice(0, 1000)}`);
}

/** The form that a service must send where it says that it has one. */
export function formIn(answer: Element | undefined, by: string): Form {
  const form = answer && findForm(answer);
  if (form) return form;
  throw new StanzaError('undefined-condition', 'The service answered without the form that was asked for', { by });
}

/** Of more than one form in a message, the first. */
const form: Field<Form> = {
  elements: [elementKey('x', ns.dataForms)],
  content: true,
  read: (stanza) => {
    const x = find(stanza, 'x', ns.dataForms);
    return x && readForm(x);
  },
  write: (stanza, value) => append(stanza, writeForm(value)),
};

export default extension({
  spec: xep('0004', '2.13.2'),
  features: { client: [ns.dataForms] },
  message: { form },
});
