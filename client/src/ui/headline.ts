// How large a title is set: people write some that are texts.

/** Characters from which on a title is a text rather than a headline. */
const LONG = 80;

/** `text` for a title that is one. */
export function headline(title: string, usual: string, text: string): string {
  return title.length > LONG ? text : usual;
}
