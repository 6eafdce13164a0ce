/**
 * An element of the stream, as its parser makes it. Said here and not by the parser's package, which has no types of its own:
 * extensions of third parties see elements too.
 */
export interface Element {
  /** With its prefix, if it has one. */
  name: string;
  parent: Element | null;
  attrs: Record<string, string>;
  children: (Element | string)[];
  getName(): string;
  /** The namespace, inherited where the element itself declares none. */
  getNS(): string | undefined;
  findNS(prefix?: string): string | undefined;
  append(child: Element): void;
  t(text: string): Element;
}
