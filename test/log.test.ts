/** What must never stand in a log, and the shape of a line. */
import { describe, expect, it, test } from 'vitest';
import { createLogger, partLogs, setLevels } from '../src/log.ts';

/** Every line that is logged, as text. */
function recorder(level = 'info') {
  const lines: string[] = [];
  return { lines, log: createLogger(level, { write: (line) => lines.push(line) }) };
}

const keys = ['token', 'secret', 'authorization', 'password', 'cookie', 'Authorization', 'set-cookie'];

describe.each(keys)('the value of %s', (key) => {
  const planted = { [key]: 'planted' };
  const objects: [string, object][] = [
    ['at the top', planted],
    ['one level down', { headers: planted }],
    ['two levels down', { request: { headers: planted } }],
    ['six levels down', { a: { b: { c: { d: { e: { ...planted } } } } } }],
    ['three levels down', { socket: { request: { headers: planted } } }],
    ['in a list', { requests: [planted] }],
    ['as a list', { headers: { [key]: ['planted', 'planted, ["and]'] } }],
    ['as an object', { headers: { [key]: { value: 'planted }' } } }],
    ['with quotes in it', { [key]: 'say "planted\\" and more' }],
    ['in an error', { err: Object.assign(new Error('refused'), planted) }],
    ['in an error under another name', { cause: Object.assign(new Error('refused'), { request: planted }) }],
  ];
  it.each(objects)('is blanked %s', (_, object) => {
    const { log, lines } = recorder();
    log.info(object, 'text');
    log.child(object).info('text');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(JSON.parse(line).msg).toBe('text');
      expect(line).toContain('[redacted]');
      expect(line).not.toContain('planted');
    }
  });
});

test('a line is JSON with level, time, event and text', () => {
  const { log, lines } = recorder();
  log.warn({ event: 'handshake_failed', condition: 'not-authorized' }, 'component handshake failed');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    event: 'handshake_failed',
    condition: 'not-authorized',
    msg: 'component handshake failed',
  });
});

test('an error keeps its stack, a time its form', () => {
  const { log, lines } = recorder();
  log.error({ err: new Error('refused'), since: new Date(0) }, 'text');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    err: { type: 'Error', message: 'refused', stack: expect.stringContaining('log.test.ts') },
    since: '1970-01-01T00:00:00.000Z',
  });
});

test('an object that is logged stays as it was', () => {
  const { log } = recorder();
  const request = { headers: { authorization: 'planted' } };
  log.info({ request }, 'text');
  expect(request.headers.authorization).toBe('planted');
});

test('what is below the level is not written', () => {
  const { log, lines } = recorder('silent');
  log.fatal('text');
  expect(lines).toEqual([]);
});

test('a part has a level of its own, names itself, and takes another level while it runs', () => {
  const { log, lines } = recorder();
  const logs = partLogs(log, { xmpp: 'debug', http: 'error' });
  const said = () => lines.splice(0).map((line) => JSON.parse(line).part);
  const say = () => {
    logs.xmpp.debug('text');
    logs.http.warn('text');
    logs.core.info('text');
    logs.core.debug('text');
  };
  say();
  expect(said()).toEqual(['xmpp', 'core']);
  setLevels(log, logs, 'debug', { xmpp: 'info' });
  say();
  expect(said()).toEqual(['http', 'core', 'core']);
  expect(log.level).toBe('debug');
});
