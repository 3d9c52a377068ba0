// Something to look at: a server with streams and channels, publishers, consumers that keep up and some that do not.
//
//   const going = await load(url, cluster); … going.close();

import { once } from 'node:events';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const stan = require('node-nats-streaming');

/** Channels, and how many messages a second each gets. */
const CHANNELS = {
  'ticket:created': 40,
  'ticket:updated': 25,
  'order:created': 18,
  'order:cancelled': 3,
  'payment:created': 9,
};
/** Streams of JetStream: subjects, and how many messages a second. */
const STREAMS = { ORDERS: ['orders.>', 60], SENSORS: ['sensors.*.temperature', 140], AUDIT: ['audit.>', 0] };
/** How often publishers wake. */
const BEAT_MS = 50;

/** A client of NATS Streaming; its `nc` is its connection, which calls itself `name`. */
export async function connect(url, cluster, id, name = id) {
  const client = stan.connect(cluster, id, { url, name, maxReconnectAttempts: -1, stanMaxPingOut: 1_000 });
  client.on('error', () => {}); // A server that is gone comes again, and so does the connection.
  await once(client, 'connect');
  return client;
}

export async function load(url, cluster) {
  const publisher = await connect(url, cluster, 'tickets-publisher');
  const { nc } = publisher;
  for (const [name, [subject]] of Object.entries(STREAMS)) {
    await api(nc, `STREAM.CREATE.${name}`, {
      name,
      subjects: [subject],
      storage: name === 'SENSORS' ? 'memory' : 'file',
      num_replicas: 1,
      max_msgs: 50_000,
    });
  }
  await consumer(nc, 'ORDERS', { durable_name: 'billing', deliver_subject: 'deliver.billing', ack_policy: 'explicit' });
  await consumer(nc, 'ORDERS', { durable_name: 'shipping', ack_policy: 'explicit' });
  await consumer(nc, 'SENSORS', {
    durable_name: 'dashboard',
    deliver_subject: 'deliver.dashboard',
    ack_policy: 'none',
  });
  await consumer(nc, 'SENSORS', {
    durable_name: 'archive',
    deliver_subject: 'deliver.archive',
    ack_policy: 'explicit',
    max_ack_pending: 200,
  });
  const clients = [publisher];
  const work = await connect(url, cluster, 'billing-worker');
  work.nc.subscribe('deliver.billing', (_, reply) => work.nc.publish(reply, ''));
  work.nc.subscribe('deliver.dashboard', () => {});
  work.nc.subscribe('deliver.archive', () => {});
  clients.push(work);
  for (const [service, channels] of Object.entries({
    orders: ['ticket:created', 'ticket:updated', 'payment:created'],
    expiration: ['order:created'],
    payments: ['order:created', 'order:cancelled'],
    tickets: ['order:created', 'order:cancelled'],
  })) {
    for (const nth of [1, 2]) {
      const client = await connect(url, cluster, `${service}-${nth}`);
      for (const channel of channels) {
        const options = client
          .subscriptionOptions()
          .setDurableName(`${service}-service`)
          .setManualAckMode(true)
          .setMaxInFlight(16);
        // Those in expiration hang: they take messages, and acknowledge none.
        const hangs = service === 'expiration';
        client
          .subscribe(channel, 'queue', options.setDeliverAllAvailable())
          .on('message', (message) => hangs || message.ack());
      }
      clients.push(client);
    }
  }
  const mailer = await connect(url, cluster, 'mailer');
  const receipts = mailer.subscribe('payment:created', mailer.subscriptionOptions().setDurableName('receipts'));
  await once(receipts, 'ready');
  mailer.close();
  const body = Buffer.alloc(180, 'x');
  const owed = new Map();
  const beat = setInterval(() => {
    for (const [channel, rate] of Object.entries(CHANNELS)) {
      for (let n = due(owed, channel, rate); n > 0; n -= 1) publisher.publish(channel, body, () => {});
    }
    for (const [name, [subject, rate]] of Object.entries(STREAMS)) {
      for (let n = due(owed, name, rate); n > 0; n -= 1)
        nc.publish(subject.replace('>', 'new').replace('*', `hall-${n}`), body);
    }
  }, BEAT_MS);
  return {
    close() {
      clearInterval(beat);
      for (const client of clients) client.close();
    },
  };
}

/** How many are due now at so many a second. */
function due(owed, name, rate) {
  const all = (owed.get(name) ?? 0) + (rate * BEAT_MS) / 1000;
  owed.set(name, all % 1);
  return Math.floor(all);
}

function consumer(nc, stream, config) {
  return api(nc, `CONSUMER.DURABLE.CREATE.${stream}.${config.durable_name}`, { stream_name: stream, config });
}

export async function api(nc, verb, question) {
  const answer = await new Promise((resolve) =>
    nc.requestOne(`$JS.API.${verb}`, JSON.stringify(question), {}, 5_000, resolve),
  );
  if (answer instanceof Error) throw answer;
  const { error } = JSON.parse(String(answer));
  if (error) throw new Error(`${verb}: ${error.description}`);
}
