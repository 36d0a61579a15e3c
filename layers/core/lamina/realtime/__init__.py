"""GraphQL subscriptions over WebSocket: connections, subscriptions, and the messages that events cause."""
