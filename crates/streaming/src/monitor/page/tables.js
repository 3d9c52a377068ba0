// The page's tables: what they are of, and their columns.

import { ago, bytes, count, many, micros, rate, span, UNKNOWN } from './format.js';

const plain = (text) => [{ text }];
const number = (label, sort, text, more = {}) => ({
  label,
  sort,
  class: 'number',
  descending: true,
  cell: (row, now) => plain(text(row, now)),
  ...more,
});
/** A number that is bad news unless it is 0. `about` says what it counts. */
const worry = (label, sort, about, value, tone = 'warn') => ({
  label,
  sort,
  about,
  class: 'number',
  descending: true,
  cell: (row) => [{ text: count(value(row)), class: value(row) > 0 ? `tone ${tone}` : 'zero' }],
});

const UNACKED = 'messages that were delivered and not acknowledged yet';

const STATES = {
  running: ['Running', 'good', ''],
  paused: ['Paused', 'quiet', ''],
  unasked: ['Nobody asks', 'warn', ''],
  offline: ['Nobody listens', 'warn', ''],
  stalled: ['Stalled', 'bad', 'waits for acknowledgements'],
};

/** @param showConsumers called with a stream whose consumers somebody wants to see */
export const streams = (showConsumers) => ({
  id: 'streams',
  title: 'Streams and channels',
  one: 'stream',
  several: 'streams',
  sort: 'name',
  empty: 'No streams yet. A client makes one by JetStream, or by publishing to a channel of NATS Streaming.',
  key: (stream) => stream.id,
  columns: [
    {
      label: 'Name',
      sort: 'name',
      class: 'name',
      cell: (stream) => [
        { text: stream.name, class: 'main' },
        ...(stream.is_channel ? [{ text: 'channel', class: 'badge' }] : []),
        ...(stream.storage === 'memory' ? [{ text: 'memory', class: 'badge' }] : []),
        ...(stream.views ? [{ text: many(stream.views, 'channel view'), class: 'badge' }] : []),
        ...(stream.fault ? [{ text: `cannot store: ${stream.fault}`, class: 'badge bad' }] : []),
        ...(stream.is_channel ? [] : [{ text: stream.subjects.join(' '), class: 'sub' }]),
      ],
    },
    number('In/s', 'in_rate', (stream) => rate(stream.in_rate)),
    number('Out/s', 'out_rate', (stream) => rate(stream.out_rate)),
    number('Messages', 'messages', (stream) => count(stream.messages)),
    number('Size', 'bytes', (stream) => bytes(stream.bytes)),
    {
      label: 'Consumers',
      sort: 'consumers',
      class: 'number',
      descending: true,
      cell: (stream) =>
        stream.consumers === 0
          ? [{ text: '0', class: 'zero' }]
          : [
              {
                text: count(stream.consumers),
                class: 'link',
                press: () => showConsumers(stream.name),
                label: `${many(stream.consumers, 'consumer')} of ${stream.name}: show them`,
              },
            ],
    },
    worry('Lag', 'lag', 'messages still to be delivered by the consumer furthest behind', (stream) => stream.lag),
    worry('Unacked', 'unacknowledged', UNACKED, (stream) => stream.unacknowledged, 'quiet'),
    number('Last message', 'last_at', (stream, now) => ago(stream.last_at, now)),
  ],
});

export const consumers = {
  id: 'consumers',
  title: 'Consumers and subscriptions',
  one: 'consumer',
  several: 'consumers',
  sort: 'lag',
  empty: 'Nobody reads the streams yet.',
  key: (consumer) => consumer.id,
  columns: [
    {
      label: 'Name',
      sort: 'name',
      class: 'name',
      cell: (consumer) => [
        { text: consumer.name, class: 'main' },
        { text: kind(consumer), class: 'badge' },
        { text: reads(consumer), class: 'sub' },
      ],
    },
    { label: 'Stream', sort: 'stream', class: 'word', cell: (consumer) => plain(consumer.stream) },
    {
      label: 'State',
      sort: 'state',
      class: 'word',
      descending: true,
      cell: ({ state }) => [
        { text: STATES[state][0], class: `tone dot ${STATES[state][1]}` },
        { text: STATES[state][2], class: 'sub' },
      ],
    },
    worry('Lag', 'lag', 'messages still to be delivered', (consumer) => consumer.lag),
    worry('Unacked', 'unacknowledged', UNACKED, (consumer) => consumer.unacknowledged, 'quiet'),
    worry(
      'Redelivered',
      'redelivered',
      'unacknowledged messages that were delivered more than once',
      (consumer) => consumer.redelivered,
    ),
    number('Out/s', 'rate', (consumer) => rate(consumer.rate)),
    number('Last activity', 'last_at', (consumer, now) => ago(consumer.last_at, now)),
  ],
};

function kind({ kind: how, is_durable: stays }) {
  return stays && (how === 'pull' || how === 'push') ? `durable ${how}` : how;
}

/** Who takes its messages. */
function reads({ kind: how, clients, members, requests }) {
  if (how === 'pull') return requests ? many(requests, 'request') + ' in line' : '';
  if (!members) return '';
  const others = members - clients.length;
  return clients.join(', ') + (others > 0 ? ` and ${many(others, 'other')}` : '');
}

export const connections = {
  id: 'connections',
  title: 'Connections',
  one: 'connection',
  several: 'connections',
  sort: 'name',
  empty: 'Nobody is connected.',
  key: (connection) => connection.id,
  columns: [
    {
      label: 'Name',
      sort: 'name',
      class: 'name',
      cell: (connection) => [
        { text: connection.name || `connection ${connection.id}`, class: 'main' },
        ...(connection.tls ? [{ text: 'TLS', class: 'badge' }] : []),
        { text: [connection.library, connection.address].filter(Boolean).join(' · '), class: 'sub' },
      ],
    },
    number('In/s', 'in_rate', (connection) => rate(connection.in_rate)),
    number('Out/s', 'out_rate', (connection) => rate(connection.out_rate)),
    number('Subscriptions', 'subscriptions', (connection) => count(connection.subscriptions)),
    {
      label: 'Not taken yet',
      sort: 'pending',
      class: 'number',
      descending: true,
      cell: ({ pending }) => [{ text: pending ? bytes(pending) : '0', class: pending ? 'tone warn' : 'zero' }],
    },
    number('Round trip', 'round_trip', (connection) => micros(connection.round_trip)),
    number('Connected', 'started', (connection, now) => (now ? span(now - connection.started) : UNKNOWN), {
      descending: false,
    }),
  ],
};

export const clients = {
  id: 'clients',
  title: 'NATS Streaming clients',
  one: 'client',
  several: 'clients',
  sort: 'name',
  empty: 'No client of NATS Streaming is registered.',
  key: (client) => client.name,
  columns: [
    { label: 'Client', sort: 'name', class: 'name', cell: (client) => [{ text: client.name, class: 'main' }] },
    number('Subscriptions', 'subscriptions', (client) => count(client.subscriptions)),
    {
      label: 'Channels',
      sort: 'channels',
      class: 'word',
      descending: true,
      cell: ({ channels, some_channels: some }) => {
        if (!channels) return [{ text: 'none', class: 'zero' }];
        return plain(some.join(', ') + (channels > some.length ? ` and ${many(channels - some.length, 'other')}` : ''));
      },
    },
    {
      label: 'Heartbeats missed',
      sort: 'missed',
      class: 'number',
      descending: true,
      cell: ({ missed, missed_max: max }) => [
        { text: missed ? `${missed} of ${max}` : '0', class: missed ? 'tone warn' : 'zero' },
      ],
    },
  ],
};
