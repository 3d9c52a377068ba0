// The page's heart: asks the server every other second, shows what it answers, and says when it does not.

import { Chart } from './chart.js';
import { bytes, count, many, rate, span } from './format.js';
import { make, Table } from './table.js';
import * as of from './tables.js';

/** Between an answer and the next question. */
const PAUSE_MS = 2_000;
/** A failure may be a connection that was just closed: it is tried once more so soon, before anybody is told. */
const RETRY_MS = 300;
/** How long an answer may take. */
const PATIENCE_MS = 8_000;

const find = (id) => document.getElementById(id);
const chart = new Chart(find('traffic'));
const consumers = new Table(of.consumers, changed);
const tables = {
  streams: new Table(
    of.streams((stream) => consumers.show(stream)),
    changed,
  ),
  consumers,
  clients: new Table(of.clients, changed),
  connections: new Table(of.connections, changed),
};
find('tables').append(...Object.values(tables).map((table) => table.element));
for (const { element } of Object.values(tables)) element.hidden = true;

let paused = false;
let timer;
/** The server's clock at its last answer. */
let now;
/** When it last answered by ours; while it does not, since then. */
let answered;
let failures = 0;

async function ask(path) {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function look() {
  clearTimeout(timer);
  try {
    const server = await ask('./live/server');
    if (paused) return; // Meanwhile it is to stand still.
    now = server.now;
    showServer(server);
    const there = { streams: server.streams, consumers: server.streams, clients: server.stan, connections: true };
    const shown = Object.entries(tables).filter(([name, { element }]) => !(element.hidden = !there[name]));
    await Promise.all(shown.map(([, table]) => fill(table)));
    failures = 0;
    answered = new Date();
  } catch {
    failures += 1;
    if (failures > 1) chart.add();
  }
  say();
  if (!paused && !document.hidden) timer = setTimeout(look, failures === 1 ? RETRY_MS : PAUSE_MS);
}

async function fill(table) {
  const question = table.question;
  const answer = await ask(question);
  // Meanwhile the reader may have wished for something else.
  if (question === table.question) table.update(answer, now);
}

/** A table wants other rows than it has. */
function changed(table) {
  fill(table).catch(() => {}); // Whether the server answers is said by the next look.
}

function say() {
  const gone = failures > 1;
  const since = answered ? ` since ${answered.toLocaleTimeString('en-GB')}` : '';
  const [text, tone] = gone
    ? [`No answer${since}. Trying again.`, 'bad']
    : paused
      ? ['Paused', 'quiet']
      : ['Live', 'good'];
  const status = find('status');
  if (failures === 1 || status.textContent === text) return;
  status.textContent = text;
  status.dataset.tone = tone;
  document.body.classList.toggle('stale', gone);
}

function showServer(server) {
  find('now').hidden = false;
  const title = server.name === server.id ? 'streaming-server' : server.name;
  if (find('name').textContent !== title) {
    find('name').textContent = title;
    document.title = title;
  }
  const words = [`version ${server.version}`, `NATS ${server.speaks}`, `up ${span(server.now - server.started)}`];
  if (server.stan) words.splice(2, 0, `cluster ${server.stan.cluster}`);
  if (server.streams?.sync === 'interval') words.push('files are synced now and then');
  if (server.streams?.sync === 'never') words.push('files are not synced');
  find('about').textContent = words.join(' · ');
  find('off').hidden = Boolean(server.streams);
  showAlert(server);
  showTiles(server);
  chart.add(server.rates);
}

function showAlert({ failures: all, failing }) {
  const words = all.map(({ stream, error }) => `${stream}: ${error}`).join('; ');
  const others = failing > all.length ? ` and ${count(failing - all.length)} more` : '';
  const text = failing ? `${many(failing, 'stream')} cannot store. ${words}${others}` : '';
  const alert = find('alert');
  if (alert.textContent !== text) alert.textContent = text;
  alert.hidden = !failing;
}

function showTiles({ rates, streams, stan, connections, connections_max: max, memory, cores, slow_consumers: slow }) {
  const tiles = [
    ['Messages in', `${rate(rates?.in_msgs)}/s`, `${bytes(rates?.in_bytes)}/s`],
    ['Messages out', `${rate(rates?.out_msgs)}/s`, `${bytes(rates?.out_bytes)}/s`],
    ['Connections', count(connections), slow ? `${many(slow, 'slow one')} cut off` : `of ${count(max)}`],
    ['Processor', rates ? `${Math.round(rates.cpu_percent)} %` : '–', `of ${cores * 100} %`],
    ['Memory', bytes(memory), 'of the process'],
  ];
  if (streams) {
    const of = (max) => (max ? ` of ${bytes(max)}` : '');
    const kept = [
      streams.file && `${bytes(streams.file)}${of(streams.file_max)} in files`,
      streams.memory && `${bytes(streams.memory)}${of(streams.memory_max)} in memory`,
    ];
    tiles.splice(2, 0, ['Stored', count(streams.messages), kept.filter(Boolean).join(', ') || 'nothing yet']);
  }
  if (stan) {
    const most = stan.channels_max ? ` of ${count(stan.channels_max)}` : '';
    tiles.push([
      'NATS Streaming',
      many(stan.clients, 'client'),
      `${count(stan.channels)}${most} channels, ${stan.store}`,
    ]);
  }
  const list = find('tiles');
  const same = list.children.length === tiles.length;
  if (!same) list.replaceChildren(...tiles.map(tile));
  tiles.forEach((words, nth) =>
    words.forEach((word, place) => {
      const element = list.children[nth].children[place];
      if (element.textContent !== word) element.textContent = word;
    }),
  );
}

function tile() {
  const group = make('div', { class: 'card' });
  group.append(make('dt'), make('dd', { class: 'value' }), make('dd'));
  return group;
}

find('pause').addEventListener('click', () => {
  paused = !paused;
  find('pause').setAttribute('aria-pressed', String(paused));
  if (paused) clearTimeout(timer);
  say();
  if (!paused) look();
});
// Nobody pays for a page nobody sees.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else if (!paused) look();
});
look();
