/**
 * Extensions of third parties: files and packages that the configuration names, loaded before anything else is made. What
 * cannot be used ends the process with exit code 78, and one line that says what to change.
 */
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from './config/values.ts';
import type { Extension } from './extension.ts';
import { checkExtension } from './extension-shape.ts';
import { builtIn } from './extensions/index.ts';

/** Stands before a name while it is looked up from the working directory, and not from here. */
const fromWorkingDirectory = 'stanzawire-extension:';
const contract = new URL(import.meta.url.endsWith('.ts') ? './extension.ts' : './extension.js', import.meta.url).href;

/** The name leads nowhere. */
class NotFound extends Error {}

/**
 * In the order of the list.
 * @throws ConfigError there is no such file or package, it cannot be loaded, has the wrong shape, or a name that is taken
 */
export async function loadExtensions(names: readonly string[]): Promise<Extension[]> {
  if (names.length > 0) provideContract();
  const found: Extension[] = [];
  for (const name of names) {
    const definition = await load(name);
    const wrong = checkExtension(definition, [...builtIn, ...found]);
    if (wrong !== undefined) throw refused(name, wrong);
    found.push(definition as Extension);
  }
  return found;
}

/**
 * `stanzawire/extension` is this gateway's own, wherever the importing file lies: a copy would have a StanzaError that is not
 * ours.
 */
function provideContract(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === 'stanzawire/extension') return { url: contract, shortCircuit: true };
      if (!specifier.startsWith(fromWorkingDirectory)) return next(specifier, context);
      const parentURL = pathToFileURL(join(process.cwd(), '/')).href;
      try {
        return next(specifier.slice(fromWorkingDirectory.length), { ...context, parentURL });
      } catch (error) {
        throw new NotFound(messageOf(error), { cause: error });
      }
    },
  });
}

async function load(name: string): Promise<unknown> {
  let module: { default?: unknown };
  try {
    module = await import(`${fromWorkingDirectory}${name}`);
  } catch (error) {
    if (error instanceof NotFound) throw refused(name, missing(name, error));
    throw refused(name, `cannot be loaded: ${messageOf(error)}; mend it, or take it out of the list`);
  }
  if (module.default === undefined)
    throw refused(name, 'has no default export; write "export default extension({ … })"');
  return module.default;
}

function missing(name: string, { message, cause }: Error): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (/^\.{0,2}\//.test(name)) {
    const what = code === 'ERR_UNSUPPORTED_DIR_IMPORT' ? 'is a folder' : 'does not exist';
    return `${resolve(name)} ${what}; write the path of a JavaScript file, from the working directory`;
  }
  if (code !== 'ERR_MODULE_NOT_FOUND') return `cannot be found: ${message}`;
  return `no package of this name is installed; run "npm install ${name}" in ${process.cwd()}, or write ./${name} for a file`;
}

function refused(name: string, why: string): ConfigError {
  return new ConfigError(`extensions: ${JSON.stringify(name)}: ${why}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
}
