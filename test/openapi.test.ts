/** docs/openapi.yaml is OpenAPI 3.1, says what the routes do, and is what a running gateway answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageFile from '../package.json' with { type: 'json' };
import { type Operation, operations } from '../src/protocol/api.ts';
import { openApi } from '../src/protocol/openapi.ts';
import { apiKey } from './support/api.ts';
import { TestGateway, upstreamOf } from './support/gateway.ts';
import { ScriptedServer } from './support/scripted-server.ts';

type Json = Record<string, unknown>;
interface Document {
  paths: Record<string, Record<string, Json & { operationId: string; parameters?: { name: string; in: string }[] }>>;
  components: { schemas: Record<string, Json> };
}

const text = readFileSync(join(import.meta.dirname, '../docs/openapi.yaml'), 'utf8');
const document: Document = parse(text);

test('it is valid, and all references lead somewhere', async () => {
  const validator = new Validator({ strict: false });
  const { valid, errors } = await validator.validate(structuredClone(document) as unknown as Json);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = '']) => to);
  expect(references.length).toBeGreaterThan(20);
  for (const to of references) {
    const found = to
      .split('/')
      .slice(1)
      .reduce<unknown>((tree, name) => Object(tree)[name], document);
    expect({ to, found: typeof found }).toEqual({ to, found: 'object' });
  }
});

test('it says something that is no OpenAPI of what is none', async () => {
  const broken = structuredClone(document) as unknown as { info?: unknown };
  delete broken.info;
  expect((await new Validator({ strict: false }).validate(broken as Json)).valid).toBe(false);
});

test('it has every operation, once, with its parameters', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [] }]) => ({
      operationId,
      method: method.toUpperCase() as Operation['method'],
      path,
      parameters: parameters.map(({ name }) => name),
    })),
  );
  const all: [string, Operation][] = Object.entries(operations);
  const expected = all.map(([operationId, { method, path, params, query }]) => {
    const parameters = [...Object.keys(params?.properties ?? {}), ...Object.keys(query?.properties ?? {})];
    return { operationId, method, path, parameters };
  });
  const sorted = (list: typeof expected) => list.toSorted((a, b) => (a.operationId < b.operationId ? -1 : 1));
  expect(sorted(described)).toEqual(sorted(expected));
});

test('its schemas are ones that a JSON Schema library compiles', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'https://example.com/openapi', ...document } as Json);
  for (const name of Object.keys(document.components.schemas)) {
    expect(() => ajv.compile({ $ref: `https://example.com/openapi#/components/schemas/${name}` })).not.toThrow();
  }
  const status = ajv.compile({ $ref: 'https://example.com/openapi#/components/schemas/Status' });
  expect(status({ version: 1 })).toBe(false);
});

test('a gateway answers the same at /api/openapi.json, to those who have the key', async () => {
  const server = await ScriptedServer.start();
  const gateway = await TestGateway.start(upstreamOf(server), { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
  try {
    const url = `${gateway.internalUrl}/api/openapi.json`;
    expect((await fetch(url)).status).toBe(401);
    const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApi(packageFile.version))));
    expect(document).toEqual(JSON.parse(JSON.stringify(openApi(packageFile.version))));
  } finally {
    await gateway.stop();
    await server.stop();
  }
});
