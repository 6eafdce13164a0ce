/** The configuration as a tree of sections, and its values by key: `sessions.resumeWindow`. */

export type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined where the key, or its section, is absent. */
export function valueAt(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isTree(at) ? at[name] : undefined), tree);
}

/** Sections that are not there yet are made; those that are stay the same objects. */
export function put(tree: Tree, path: readonly string[], value: unknown): void {
  let place = tree;
  for (const name of path.slice(0, -1)) {
    const next = place[name];
    const inner = isTree(next) ? next : {};
    place[name] = inner;
    place = inner;
  }
  place[path.at(-1) ?? ''] = value;
}

/** Removes a value, and the section that has no other. */
export function remove(tree: Tree, path: readonly string[]): void {
  const [name = '', ...rest] = path;
  const inner = tree[name];
  if (rest.length > 0 && isTree(inner)) {
    remove(inner, rest);
    if (Object.keys(inner).length > 0) return;
  }
  delete tree[name];
}

export function nest(values: ReadonlyMap<string, unknown>): Tree {
  const tree: Tree = {};
  for (const [key, value] of values) put(tree, key.split('.'), value);
  return tree;
}
