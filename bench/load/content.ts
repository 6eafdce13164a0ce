/** What is said: the same text by every way, known by an eight-digit number at its beginning. */

const filler = 'The quick brown fox jumps over the lazy dog, then it sleeps; nobody saw it and nobody asked it.';

/** 104 characters. */
export function body(number: number): string {
  return `${number} ${filler}`;
}

/** As long as a UUID, which is what clients should make. */
export function messageId(number: number): string {
  return `5a0b6c1e-77d4-4c3f-9e21-0000${number}`;
}
