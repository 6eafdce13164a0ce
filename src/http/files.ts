/**
 * The public files: images that a page may show, under addresses that cannot be guessed. What strangers have made is served
 * so that no browser takes it for anything but an image.
 */
import type { FastifyInstance } from 'fastify';
import type { PublicFile } from '../transfer.ts';

export interface Files {
  /** Where they are: a path with a slash at either end. */
  readonly path: string;
  at(name: string): PublicFile | undefined;
}

const headers = {
  // One address is one content, for ever.
  'cache-control': 'public, max-age=31536000, immutable',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'content-disposition': 'inline',
};

export function addFiles(app: FastifyInstance, files: Files): void {
  app.get<{ Params: { name: string } }>(`${files.path}:name`, (request, reply) => {
    const { name } = request.params;
    const file = files.at(name);
    if (!file) return reply.header('content-security-policy', "default-src 'none'").callNotFound();
    const etag = `"${name}"`;
    reply.headers({ ...headers, etag });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type(file.mediaType).send(Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.length));
  });
}
