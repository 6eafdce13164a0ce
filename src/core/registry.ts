/** Every extension's requests, IQ handlers, features and hooks, found by name; a clash of names fails at start. */
import type {
  Account,
  Action,
  AnyEvent,
  ChatService,
  Extension,
  Gateway,
  Happening,
  Hooks,
  IqHandler,
  OwnField,
  OwnFields,
  OwnRequest,
  Query,
  Session,
  Want,
} from '../extension.ts';
import { withFields } from '../protocol/extended.ts';
import { type Ready, type RequestData, type RequestType, requests } from '../protocol/frames.ts';
import { compile } from '../protocol/parse.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Element } from '../xmpp/stanza.ts';

/** A request's handler with its types forgotten: `check` has proved the data. */
export interface Request {
  /** The data, proved. @throws StanzaError bad-request naming the field */
  readonly check: (data: unknown) => unknown;
  readonly scope: string | undefined;
  /** Its data may have `extra`, for which there is a scope too. */
  readonly takesExtra: boolean;
  readonly handle: ((session: Session, data: never) => unknown) | undefined;
}

export class Registry {
  readonly extensions: readonly Extension[];
  readonly #requests = new Map<string, Request>();
  readonly #iq = new Map<string, IqHandler>();
  readonly #answered = new Set<string>();
  readonly #others: readonly NonNullable<Extension['otherQuery']>[];
  readonly #actions: readonly Action[];
  readonly #takers: readonly NonNullable<Extension['takes']>[];
  readonly #notices: readonly NonNullable<Extension['notices']>[];
  readonly #servers: readonly NonNullable<Extension['serves']>[];
  readonly #hooks: { [H in keyof Hooks]?: Hooks[H][] } = {};

  constructor(extensions: readonly Extension[]) {
    this.extensions = extensions;
    this.#others = extensions.flatMap((one) => one.otherQuery ?? []);
    this.#actions = extensions.flatMap((one) => one.actions ?? []);
    this.#takers = extensions.flatMap((one) => one.takes ?? []);
    this.#notices = extensions.flatMap((one) => one.notices ?? []);
    this.#servers = extensions.flatMap((one) => one.serves ?? []);
    const handlers: { [type: string]: (session: Session, data: never) => unknown } = {};
    for (const one of extensions) {
      for (const [type, handler] of Object.entries(one.requests ?? {})) {
        if (type in handlers || this.#requests.has(type))
          throw new Error(`Two extensions handle the request ${type}; the second is ${one.spec.name}`);
        if (typeof handler === 'function') handlers[type] = handler as (session: Session, data: never) => unknown;
        else this.#addOwn(type, handler);
      }
      for (const handler of one.iq ?? []) this.#addIq(handler, one.spec.name);
      for (const [name, hook] of entriesOf(one.hooks ?? {})) this.#addHook(name, hook);
    }
    this.#addBuiltIn(handlers);
  }

  request(type: string): Request | undefined {
    return this.#requests.get(type);
  }

  /** The data of a request, proved. @throws StanzaError bad-request naming the field */
  check<T extends RequestType>(type: T, data: unknown): RequestData<T> {
    return this.#requests.get(type)?.check(data) as RequestData<T>;
  }

  iq(type: string, name: string, xmlns: string): IqHandler | undefined {
    return this.#iq.get(`${type} ${name} ${xmlns}`);
  }

  /** Does an extension answer queries in that namespace? */
  answers(xmlns: string): boolean {
    return this.#answered.has(xmlns);
  }

  /** The answer to a query that has no handler; undefined where nobody will answer. */
  otherQuery(query: Query, type: 'get' | 'set'): Promise<Element | undefined> | undefined {
    for (const answer of this.#others) {
      const answered = answer(query, type);
      if (answered) return answered;
    }
    return undefined;
  }

  /** The action that a message stanza is; `content` = it has something to show. */
  action(stanza: Element, content: boolean): { type: Action['type']; happening: Happening } | undefined {
    for (const action of this.#actions) {
      const fits = action.content === undefined || action.content === content;
      const happening = fits ? action.read(stanza) : undefined;
      if (happening) return { type: action.type, happening };
    }
    return undefined;
  }

  hooks<H extends keyof Hooks>(name: H): readonly Hooks[H][] {
    return this.#hooks[name] ?? [];
  }

  /** The snapshots that `connect.want` names, as they go into `ready`. */
  async snapshots(wants: ReadonlySet<Want>, account: Account): Promise<Partial<Ready>> {
    const parts = [...wants].flatMap((want) => this.extensions.map(async (one) => one.snapshots?.[want]?.(account)));
    return Object.assign({}, ...(await Promise.all(parts))) as Partial<Ready>;
  }

  /** Has an extension taken the stanza? A promise = yes, settled when it is handled. */
  take(account: Account, stanza: Element, from: Jid): boolean | Promise<unknown> {
    for (const takes of this.#takers) {
      const taken = takes(account, stanza, from);
      if (taken !== false) return taken;
    }
    return false;
  }

  /** The event that a message with nothing to show is. */
  notice(account: Account, stanza: Element, from: Jid): AnyEvent | undefined {
    for (const notices of this.#notices) {
      const event = notices(account, stanza, from);
      if (event) return event;
    }
    return undefined;
  }

  serving(account: Account, to: Jid): ChatService | undefined {
    for (const serves of this.#servers) {
      const service = serves(account, to);
      if (service) return service;
    }
    return undefined;
  }

  services(gateway: Gateway): NonNullable<Ready['services']> {
    return Object.assign({}, ...this.extensions.map((one) => one.services?.(gateway))) as NonNullable<
      Ready['services']
    >;
  }

  #addBuiltIn(handlers: { [type: string]: (session: Session, data: never) => unknown }): void {
    for (const [type, definition] of entriesOf(requests)) {
      const scope = 'scope' in definition ? definition.scope : undefined;
      const takesExtra = 'extra' in definition.data.properties;
      const fields = extended[type] ?? (() => undefined);
      const check = compile(withFields(definition.data, schemasOf(this.extensions.map(fields))));
      this.#requests.set(type, { check, scope, takesExtra, handle: handlers[type] });
    }
  }

  /** A third party's request. */
  #addOwn(type: string, own: OwnRequest): void {
    const handle = (session: Session, data: never): unknown => own.handle(session, data);
    this.#requests.set(type, { check: compile(own.data), scope: own.scope, takesExtra: false, handle });
  }

  #addIq(handler: IqHandler, by: string): void {
    const key = `${handler.type} ${handler.name} ${handler.xmlns}`;
    if (this.#iq.has(key)) throw new Error(`Two extensions answer the query ${key}; the second is ${by}`);
    this.#iq.set(key, handler);
    this.#answered.add(handler.xmlns);
  }

  #addHook<H extends keyof Hooks>(name: H, hook: Hooks[H]): void {
    const list: Hooks[H][] = this.#hooks[name] ?? [];
    list.push(hook);
    (this.#hooks as Record<H, Hooks[H][]>)[name] = list;
  }
}

/** Requests whose data may have fields of third parties, and what they are fields of. */
const extended: { readonly [type: string]: (one: Extension) => OwnFields | undefined } = {
  'message.send': ({ message }) => message,
  'message.edit': ({ message }) => message,
  'presence.set': ({ presence }) => presence,
  'presence.send': ({ presence }) => presence,
};

/** The schemas of third parties' fields; those of ours are in the wire's own. */
function schemasOf(all: readonly (OwnFields | undefined)[]): Record<string, OwnField['schema']> {
  const fields = all.flatMap((one) => Object.entries(one ?? {})).filter(([, field]) => field.schema !== undefined);
  return Object.fromEntries(fields.map(([name, { schema }]) => [name, schema]));
}

function entriesOf<O extends object>(object: O): [keyof O & string, NonNullable<O[keyof O & string]>][] {
  return Object.entries(object) as [keyof O & string, NonNullable<O[keyof O & string]>][];
}
