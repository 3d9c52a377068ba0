// What went in and out, a second, while this page was open: two lines and their scale.

import { rate } from './format.js';

/** Looks that are shown: up to four minutes of them, and room for one minute before there are so many. */
const POINTS = 120;
const POINTS_MIN = 30;
const WIDTH = 600;
const HEIGHT = 96;
const SVG = 'http://www.w3.org/2000/svg';

export class Chart {
  #points = [];
  #lines;
  #area;
  #top;
  #image;
  #legend;

  constructor(figure) {
    this.#image = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' });
    for (const y of [0.5, HEIGHT / 2, HEIGHT - 0.5]) {
      this.#image.append(shape('line', { x1: 0, x2: WIDTH, y1: y, y2: y, class: 'grid' }));
    }
    this.#area = shape('path', { class: 'area' });
    this.#lines = ['in', 'out'].map((name) => shape('path', { class: `line ${name}` }));
    this.#image.append(this.#area, ...this.#lines);
    this.#top = document.createElement('span');
    this.#top.className = 'top';
    const caption = document.createElement('figcaption');
    const title = document.createElement('strong');
    title.textContent = 'Messages a second';
    this.#legend = ['in', 'out'].map((name) => {
      const item = document.createElement('span');
      item.className = `legend ${name}`;
      return item;
    });
    caption.append(title, ...this.#legend, this.#top);
    figure.append(caption, this.#image);
  }

  /** Adds what was seen now; `undefined` where nothing is known. */
  add(rates) {
    this.#points.push(rates ? [rates.in_msgs, rates.out_msgs] : null);
    if (this.#points.length > POINTS) this.#points.shift();
    const top = scale(Math.max(1, ...this.#points.flat().filter((value) => value !== null)));
    this.#lines.forEach((line, nth) => line.setAttribute('d', this.#path(nth, top)));
    this.#area.setAttribute('d', this.#under(top));
    this.#top.textContent = `top of the scale: ${rate(top)}`;
    const said = ['in', 'out'].map(
      (name, nth) => `${name} ${rate(rates ? [rates.in_msgs, rates.out_msgs][nth] : null)}`,
    );
    this.#legend.forEach((item, nth) => (item.textContent = said[nth]));
    this.#image.setAttribute('aria-label', `Messages a second in the last minutes; now ${said.join(', ')}`);
  }

  #at(index, value, top) {
    const step = WIDTH / (Math.max(this.#points.length, POINTS_MIN) - 1);
    const x = WIDTH - (this.#points.length - 1 - index) * step;
    return `${x.toFixed(1)} ${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`;
  }

  #path(nth, top) {
    let pen = 'M';
    let path = '';
    this.#points.forEach((point, index) => {
      if (point) path += `${pen}${this.#at(index, point[nth], top)}`;
      pen = point ? 'L' : 'M';
    });
    return path;
  }

  /** The ground under the higher of both. */
  #under(top) {
    let path = '';
    this.#points.forEach((point, index) => {
      if (!point || !this.#points[index - 1]) return;
      const before = this.#points[index - 1];
      const [left, right] = [this.#at(index - 1, Math.max(...before), top), this.#at(index, Math.max(...point), top)];
      path += `M${left}L${right}L${right.split(' ')[0]} ${HEIGHT}L${left.split(' ')[0]} ${HEIGHT}Z`;
    });
    return path;
  }
}

/** The next of 1, 2, 5, 10, 20 … that is no less. */
function scale(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value);
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
