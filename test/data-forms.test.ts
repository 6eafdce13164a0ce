/** What a map of values makes of a form (XEP-0004), and what it must not. */
import { describe, expect, it } from 'vitest';
import { fill, findForm, formIn, readForm, submission } from '../src/extensions/xep0004-forms.ts';
import { StanzaError } from '../src/protocol/errors.ts';
import type { Form, FormField, FormValues } from '../src/protocol/forms.ts';
import { el, serialize } from '../src/xmpp/stanza.ts';

const hidden: FormField = { var: 'FORM_TYPE', type: 'hidden', values: ['urn:example:f'] };

function form(...fields: FormField[]): Form {
  return { type: 'form', fields: [hidden, ...fields] };
}

/** The submitted fields but FORM_TYPE, by name. */
function submitted(values: FormValues, ...fields: FormField[]): Record<string, string[]> {
  const filled = readForm(fill(form(...fields), values));
  expect(filled?.type).toBe('submit');
  const all = Object.fromEntries(filled?.fields.map(({ var: name = '', values: texts }) => [name, texts]) ?? []);
  expect(all.FORM_TYPE).toEqual(['urn:example:f']);
  delete all.FORM_TYPE;
  return all;
}

function refusal(run: () => unknown): StanzaError {
  try {
    run();
  } catch (error) {
    if (error instanceof StanzaError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const name: FormField = { var: 'name', type: 'text-single', values: ['Old'] };
const open: FormField = { var: 'open', type: 'boolean', values: ['0'] };
const text: FormField = { var: 'text', type: 'text-multi', values: [] };
const who: FormField = {
  var: 'who',
  type: 'list-single',
  options: [{ value: 'all' }, { value: 'some', label: 'A few' }],
  values: ['all'],
};
const rights: FormField = {
  var: 'rights',
  type: 'list-multi',
  options: [{ value: 'r' }, { value: 'w' }],
  values: ['r'],
};
const owners: FormField = { var: 'owners', type: 'jid-multi', values: ['a@example.com'] };

describe('a form that is filled in', () => {
  it('keeps what was not named, and leaves out what has no value', () => {
    expect(submitted({}, name, open, text, who)).toEqual({ name: ['Old'], open: ['0'], who: ['all'] });
  });

  it('takes switches, numbers, texts and lists as its fields have them', () => {
    expect(submitted({ open: true, name: 7 }, name, open)).toEqual({ open: ['1'], name: ['7'] });
    expect(submitted({ open: 'false' }, open)).toEqual({ open: ['0'] });
    expect(submitted({ open: 1 }, open)).toEqual({ open: ['1'] });
    expect(submitted({ text: 'one\ntwo\r\nthree' }, text)).toEqual({ text: ['one', 'two', 'three'] });
    expect(submitted({ rights: ['w', 'r'], who: 'some' }, rights, who)).toEqual({ rights: ['w', 'r'], who: ['some'] });
    expect(submitted({ owners: 'b@example.com' }, owners)).toEqual({ owners: ['b@example.com'] });
  });

  it('takes a value back with an empty text or an empty list', () => {
    expect(submitted({ name: '' }, name)).toEqual({ name: [''] });
    expect(submitted({ rights: [], owners: '' }, rights, owners)).toEqual({ rights: [], owners: [] });
  });

  it('does not send back what is only to be read', () => {
    expect(submitted({}, { var: 'note', type: 'fixed', values: ['Read me'] }, name)).toEqual({ name: ['Old'] });
  });

  const bad: [string, FormValues, FormField, RegExp][] = [
    ['a field that is not there', { nome: 'x' }, name, /has no field nome; it has name$/],
    ['its type', { FORM_TYPE: 'x' }, name, /no field FORM_TYPE/],
    ['a switch that is text', { open: 'maybe' }, open, /true or false/],
    ['a switch that is a list', { open: ['1'] }, open, /true or false/],
    ['two values for one', { name: ['a', 'b'] }, name, /one value/],
    ['what is no choice', { who: 'none' }, who, /none is none of all, some/],
    ['what is no JID', { owners: ['a@example.com', '@'] }, owners, /@ is not a JID/],
    ['nothing where something is required', { name: '' }, { ...name, required: true }, /required/],
    ['a name of an object', { constructor: 'x' }, name, /no field constructor/],
  ];
  it.each(bad)('refuses %s', (_, values, field, message) => {
    const error = refusal(() => fill(form(field), values));
    expect(error.code).toBe('bad-request');
    expect(error.message).toMatch(message);
    expect(error.details.field).toBe(`values.${Object.keys(values)[0]}`);
  });
});

describe('a form in an element', () => {
  it('is found by its FORM_TYPE', () => {
    const parent = el(
      'query',
      { xmlns: 'urn:example:q' },
      submission('urn:a', { v: '1' }),
      submission('urn:b', { v: '2' }),
    );
    expect(findForm(parent, 'urn:b')?.fields[1]?.values).toEqual(['2']);
    expect(findForm(parent, 'urn:c')).toBeUndefined();
  });

  it('that is missing is the fault of who should have sent it', () => {
    expect(refusal(() => formIn(el('query'), 'dev@rooms.example.com'))).toMatchObject({
      code: 'undefined-condition',
      details: { by: 'dev@rooms.example.com' },
    });
  });

  it('is read as far as it is of use, however long', () => {
    const value = () => el('value', {}, 'v');
    const field = (_: unknown, i: number) => el('field', { var: `f${i}` }, ...Array.from({ length: 1001 }, value));
    const x = el('x', { xmlns: 'jabber:x:data', type: 'form' }, ...Array.from({ length: 501 }, field));
    const read = readForm(x);
    expect(read?.fields).toHaveLength(500);
    expect(read?.fields[0]?.values).toHaveLength(1000);
  });

  it('is written without what has no value', () => {
    expect(serialize(submission('urn:a', { v: undefined, w: [], x: ['1', '2'] }))).toBe(
      '<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>urn:a</value></field><field var="w"/><field var="x"><value>1</value><value>2</value></field></x>',
    );
  });
});
