// A client of NATS Streaming, like the notes' publisher and listener, driven over standard input and output.
//
//   node program.js <url> <cluster> <client> [<count>]
//
// With a count there are so many of them, <client>-0 and so on, and a command says by which: {"by":n}.
// Reads one JSON command a line, and answers with one JSON line for everything that happens:
//   {"do":"publish","channel":c,"data":d,"tag":t}         {"on":"published","tag":t,"error"?:e}
//   {"do":"subscribe","channel":c,"queue"?:q,"options":o,"tag":t,"ack":"auto"|"manual"|"never"}
//                                                         {"on":"ready","tag":t} {"on":"message","tag":t,…}
//   {"do":"ack","tag":t,"sequence":n}   {"do":"unsubscribe","tag":t}   {"do":"close_subscription","tag":t}
//   {"do":"close"}
'use strict';

const stan = require('node-nats-streaming');

const [url, cluster, client, count] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const subscriptions = new Map();
const waiting = new Map();

function connect(name) {
  const connection = stan.connect(cluster, name, {
    url, maxReconnectAttempts: -1, reconnectTimeWait: 50, stanMaxPingOut: 1000,
  });
  connection.on('connect', () => say({ on: 'connected' }));
  connection.on('error', (error) => say({ on: 'error', error: String(error.message || error) }));
  connection.on('close', () => { say({ on: 'closed' }); if (!count) process.exit(0); });
  connection.on('connection_lost', (error) => say({ on: 'lost', error: String(error.message || error) }));
  connection.on('reconnect', () => say({ on: 'reconnected' }));
  return connection;
}

const connections = count
  ? Array.from({ length: Number(count) }, (_, n) => connect(`${client}-${n}`))
  : [connect(client)];

function options(connection, { start, sequence, timeDelta, durable, ackWait, maxInFlight, manual }) {
  const o = connection.subscriptionOptions();
  if (start === 'all') o.setDeliverAllAvailable();
  if (start === 'last') o.setStartWithLastReceived();
  if (sequence) o.setStartAtSequence(sequence);
  if (timeDelta) o.setStartAtTimeDelta(timeDelta);
  if (durable) o.setDurableName(durable);
  if (ackWait) o.setAckWait(ackWait);
  if (maxInFlight) o.setMaxInFlight(maxInFlight);
  if (manual) o.setManualAckMode(true);
  return o;
}

const commands = {
  publish({ by = 0, channel, data, tag }) {
    connections[by].publish(channel, data, (error) => say({ on: 'published', tag, error: error && String(error.message || error) }));
  },
  subscribe({ by = 0, channel, queue, tag, ack = 'auto', options: asked = {} }) {
    const connection = connections[by];
    const wanted = options(connection, { ...asked, manual: ack !== 'auto' });
    const subscription = queue ? connection.subscribe(channel, queue, wanted) : connection.subscribe(channel, wanted);
    subscriptions.set(tag, subscription);
    subscription.on('ready', () => say({ on: 'ready', tag }));
    subscription.on('error', (error) => say({ on: 'refused', tag, error: String(error.message || error) }));
    subscription.on('unsubscribed', () => say({ on: 'unsubscribed', tag }));
    subscription.on('closed', () => say({ on: 'subscription_closed', tag }));
    subscription.on('message', (message) => {
      const sequence = message.getSequence();
      const again = message.isRedelivered();
      say({ on: 'message', tag, sequence, again, data: message.getData(), subject: message.getSubject() });
      if (ack === 'manual') message.ack();
      if (ack === 'never') waiting.set(`${tag}/${sequence}`, message);
    });
  },
  ack({ tag, sequence }) { waiting.get(`${tag}/${sequence}`).ack(); },
  unsubscribe({ tag }) { subscriptions.get(tag).unsubscribe(); },
  close_subscription({ tag }) { subscriptions.get(tag).close(); },
  close() { for (const connection of connections) connection.close(); },
};

require('readline').createInterface({ input: process.stdin })
  .on('line', (line) => { const command = JSON.parse(line); commands[command.do](command); })
  .on('close', () => process.exit(0));
