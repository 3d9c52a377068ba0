// A table that is filtered, sorted and kept up. On a narrow screen each row is a card, and a list sorts instead of the head.
//
// Everything a server tells is put in by `textContent`: a stream may be called anything.

import { count } from './format.js';

/** Rows at first, fewer where each is a card; they double when more are asked for, up to as many as the server tells. */
const ROWS = matchMedia('(max-width: 60rem)').matches ? 10 : 25;
const ROWS_MAX = 500;
/** Between the last key pressed in the filter and the question. */
const TYPING_MS = 200;

export class Table {
  #about;
  #changed;
  #rows = new Map();
  #sort;
  #descending;
  #limit = ROWS;
  #typing;
  /** The answer is one to the reader's own wish, and is said aloud. */
  #asked = false;

  /**
   * @param about what it is of: `id`, `title`, `one`, `several`, `empty` (what to say where there is none), `columns`, and
   * by which it is `sort`ed at first. A column has a `label`, perhaps more words `about` it, what it is sorted by (`sort`,
   * with `descending` first), and `cell(row, now)`: its parts, each `{ text, class? }`, or for a button `{ text, press,
   * label }`.
   * @param changed called when it wants other rows than it has
   */
  constructor(about, changed) {
    this.#about = about;
    this.#changed = changed;
    const first = about.columns.find((column) => column.sort === about.sort);
    this.#sort = first.sort;
    this.#descending = Boolean(first.descending);
    this.element = this.#build();
    this.#showSort();
  }

  get path() {
    return `./live/${this.#about.id}`;
  }

  /** The question to ask for its rows. */
  get question() {
    const parameters = new URLSearchParams({ sort: this.#sort, limit: String(this.#limit) });
    if (this.#descending) parameters.set('descending', '1');
    if (this.filter.value.trim()) parameters.set('filter', this.filter.value.trim());
    return `${this.path}?${parameters}`;
  }

  /** Shows only what mentions `text`, and goes there. */
  show(text) {
    this.filter.value = text;
    this.#ask();
    this.element.scrollIntoView({ block: 'start' });
    this.filter.focus({ preventScroll: true });
  }

  /** Shows what the server answered. */
  update({ total, found, rows }, now) {
    const held = document.activeElement;
    const left = new Map(this.#rows);
    let before = null;
    for (const row of rows) {
      const key = this.#about.key(row);
      left.delete(key);
      const its = this.#rows.get(key) ?? this.#row(key);
      this.#fill(its, row, now);
      const next = before ? before.nextSibling : this.body.firstChild;
      if (next !== its.line) this.body.insertBefore(its.line, next);
      before = its.line;
    }
    for (const [key, its] of left) {
      its.line.remove();
      this.#rows.delete(key);
    }
    // A row that moved keeps the focus.
    if (held !== document.activeElement && this.body.contains(held)) held.focus({ preventScroll: true });
    this.#say(total, found, rows.length);
  }

  #say(total, found, shown) {
    const { one, several, empty } = this.#about;
    const filter = this.filter.value.trim();
    const noun = (n) => (n === 1 ? one : several);
    this.counted.textContent = shown === total ? count(total) : `${count(shown)} of ${count(total)}`;
    this.none.hidden = shown > 0;
    this.none.textContent = total === 0 ? empty : `No ${one} mentions “${filter}”.`;
    this.scroll.hidden = shown === 0;
    this.more.hidden = shown >= found || shown >= ROWS_MAX;
    this.rest.hidden = shown < ROWS_MAX || shown >= found;
    this.rest.textContent = `${count(found - shown)} more are not shown: filter by a part of their names.`;
    if (this.#asked)
      this.heard.textContent = `${count(found)} ${noun(found)}${filter ? ` mention “${filter}”` : ''}, ${count(shown)} shown`;
    this.#asked = false;
    const isWide = this.scroll.scrollWidth > this.scroll.clientWidth;
    this.scroll.tabIndex = isWide ? 0 : -1;
  }

  #ask() {
    this.#asked = true;
    this.#changed(this);
  }

  #build() {
    const { id, title, columns } = this.#about;
    const section = make('section', { class: 'card table', id, 'aria-labelledby': `${id}-title` });
    const head = make('div', { class: 'bar' });
    const heading = make('h2', { id: `${id}-title` }, title);
    this.counted = make('p', { class: 'count' });
    this.filter = make('input', {
      type: 'search',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: 'Filter',
      maxlength: '200',
    });
    this.filter.setAttribute('aria-label', `Filter ${title.toLowerCase()}`);
    this.filter.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#ask(), TYPING_MS);
    });
    this.order = make('select', { class: 'narrow', 'aria-label': `Sort ${title.toLowerCase()}` });
    for (const column of columns)
      this.order.append(make('option', { value: column.sort }, `by ${column.label.toLowerCase()}`));
    this.order.addEventListener('change', () => this.#sortBy(columns.find((c) => c.sort === this.order.value)));
    head.append(heading, this.counted, this.order, this.filter);

    const table = make('table', { role: 'table', 'aria-labelledby': `${id}-title` });
    const top = make('tr', { role: 'row' });
    this.heads = columns.map((column) => {
      const cell = make('th', { scope: 'col', role: 'columnheader', class: column.class ?? '' });
      const button = make('button', { type: 'button', ...(column.about ? { title: column.about } : {}) }, column.label);
      button.addEventListener('click', () => this.#sortBy(column));
      cell.append(button);
      return cell;
    });
    top.append(...this.heads);
    const thead = make('thead', { role: 'rowgroup' });
    thead.append(top);
    this.body = make('tbody', { role: 'rowgroup' });
    table.append(thead, this.body);
    this.scroll = make('div', { class: 'scroll', role: 'group', 'aria-labelledby': `${id}-title`, tabindex: '-1' });
    this.scroll.append(table);
    this.none = make('p', { class: 'empty', hidden: '' });
    this.more = make('button', { type: 'button', class: 'more', hidden: '' }, `Show more ${this.#about.several}`);
    this.more.addEventListener('click', () => {
      this.#limit = Math.min(this.#limit * 2, ROWS_MAX);
      this.#ask();
    });
    this.rest = make('p', { class: 'empty', hidden: '' });
    this.heard = make('p', { class: 'unseen', role: 'status' });
    section.append(head, this.scroll, this.none, this.more, this.rest, this.heard);
    return section;
  }

  #sortBy(column) {
    this.#descending = this.#sort === column.sort ? !this.#descending : Boolean(column.descending);
    this.#sort = column.sort;
    this.#showSort();
    this.#ask();
  }

  #showSort() {
    this.order.value = this.#sort;
    this.#about.columns.forEach((column, nth) => {
      if (column.sort === this.#sort)
        this.heads[nth].setAttribute('aria-sort', this.#descending ? 'descending' : 'ascending');
      else this.heads[nth].removeAttribute('aria-sort');
    });
  }

  #row(key) {
    const line = make('tr', { role: 'row' });
    const cells = this.#about.columns.map((column, nth) => {
      const attributes = { class: column.class ?? '', 'data-label': column.label };
      const cell =
        nth === 0
          ? make('th', { ...attributes, scope: 'row', role: 'rowheader' })
          : make('td', { ...attributes, role: 'cell' });
      line.append(cell);
      return { cell, shown: '' };
    });
    const its = { line, cells };
    this.#rows.set(key, its);
    return its;
  }

  #fill(its, row, now) {
    this.#about.columns.forEach((column, nth) => {
      const parts = column.cell(row, now);
      const slot = its.cells[nth];
      const shown = JSON.stringify(parts);
      if (shown === slot.shown) return;
      slot.shown = shown;
      const one = parts.length === 1 && !parts[0].class && !parts[0].press;
      if (one) slot.cell.textContent = parts[0].text;
      else slot.cell.replaceChildren(...parts.map(part));
    });
  }
}

function part({ text, class: name, press, label }) {
  const element = make(press ? 'button' : 'span', name ? { class: name } : {}, text);
  if (press) {
    element.type = 'button';
    element.setAttribute('aria-label', label);
    element.addEventListener('click', press);
  }
  return element;
}

/** An element with these attributes and this text. */
export function make(name, attributes = {}, text = '') {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
