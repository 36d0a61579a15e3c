"""GraphQL over users and posts: one endpoint for everything that a page shows. docs/graphql.md lists its limits."""
