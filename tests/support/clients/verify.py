"""Verify a webhook with the reference library: the secret is the argument, the request is JSON on standard input."""

import json
import sys

from standardwebhooks import Webhook

request = json.load(sys.stdin)
print(json.dumps(Webhook(sys.argv[1]).verify(request["body"], request["headers"])))
