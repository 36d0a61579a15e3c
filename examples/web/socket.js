// A client of graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) that connects again.
// Events between two connections are not sent: `onState("live")` is the moment to read again what is subscribed to.

import { masked, record } from "./api.js";

const LONGEST_WAIT = 15_000;

export class Subscriptions {
  /** `token` returns the access token of the moment; `onState` gets `live`, `waiting` or `off`; `onEnd` the server's reason. */
  constructor(url, token, onState, onEnd) {
    Object.assign(this, { url, token, onState, onEnd, wanted: new Map(), number: 0, failures: 0, closed: false });
    this.connect();
  }

  subscribe(query, variables, next) {
    const id = String(++this.number);
    this.wanted.set(id, { query, variables, next });
    if (this.isLive) this.send({ type: "subscribe", id, payload: { query, variables } });
    return id;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
    this.onState("off");
  }

  connect() {
    this.isLive = false;
    this.socket = new WebSocket(this.url, "graphql-transport-ws");
    this.socket.onopen = () => this.send({ type: "connection_init", payload: { authorization: `Bearer ${this.token()}` } });
    this.socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    this.socket.onclose = () => this.again();
  }

  again() {
    clearInterval(this.pings);
    this.isLive = false;
    if (this.closed) return;
    this.onState("waiting");
    this.timer = setTimeout(() => this.connect(), Math.min(500 * 2 ** this.failures++, LONGEST_WAIT));
  }

  send(message) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify(message));
    record({ kind: "socket", method: "↑", path: message.type, body: masked(message) });
  }

  receive(message) {
    if (message.type === "pong") return;
    record({ kind: "socket", method: "↓", path: message.type, answer: message });
    if (message.type === "ping") this.send({ type: "pong" });
    if (message.type === "connection_ack") this.acknowledged();
    if (message.type === "next") this.wanted.get(message.id)?.next(message.payload.data);
    if (message.type === "complete") this.wanted.delete(message.id);
    if (message.type === "error") this.refused(message);
  }

  acknowledged() {
    Object.assign(this, { isLive: true, failures: 0 });
    for (const [id, { query, variables }] of this.wanted) this.send({ type: "subscribe", id, payload: { query, variables } });
    // API Gateway ends a connection that is silent for ten minutes.
    this.pings = setInterval(() => this.send({ type: "ping" }), 4 * 60_000);
    this.onState("live");
  }

  refused(message) {
    const [error] = message.payload;
    this.wanted.delete(message.id);
    if (error?.extensions?.closeCode !== 4403) return;
    this.close();
    this.onEnd(error.message);
  }
}
