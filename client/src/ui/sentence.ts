// Sentences as people end them.

/** `text` with a full stop, unless it ends like a sentence already: what services and providers say differs in that. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
