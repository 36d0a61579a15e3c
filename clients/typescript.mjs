// @hey-api/openapi-ts: types, and a function for each operation, grouped by tag: users.getMe().
export default {
  plugins: [
    "@hey-api/client-fetch",
    "@hey-api/typescript",
    { name: "@hey-api/sdk", operations: { strategy: "single", nesting: "operationId", containerName: "Lamina" } },
  ],
};
