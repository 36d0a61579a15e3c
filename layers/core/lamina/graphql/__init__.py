"""GraphQL over users, posts and products: one endpoint for what a page shows. docs/graphql.md lists its limits."""
