// Subscribes with npm's graphql-ws as it comes, and prints what happens, one JSON object a line.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token, query, variables] = process.argv.slice(2);
const print = (event, more) => console.log(JSON.stringify({ event, ...more }));

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${token}` },
  retryAttempts: Infinity,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 200)),
  shouldRetry: () => true,
  on: {
    connected: () => print("connected"),
    closed: ({ code }) => print("closed", { code }),
  },
});

client.subscribe(
  { query, variables: JSON.parse(variables) },
  {
    next: ({ data, errors }) => print("next", { data, errors }),
    error: (error) => print("error", { error: String(error.message ?? JSON.stringify(error)) }),
    complete: () => print("complete"),
  },
);
