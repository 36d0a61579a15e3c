// Verify a webhook with the reference library: the secret is the argument, the request is JSON on standard input.
const { Webhook } = require("standardwebhooks");
const request = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(new Webhook(process.argv[2]).verify(request.body, request.headers)));
