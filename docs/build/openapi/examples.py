"""Examples of requests. With the data of `make seed`, they can be sent as they stand.

Once somebody has signed in, the page at `/docs` replaces ids by those of items that exist.
"""

from typing import Any

from docs.build.openapi.answers import EXAMPLE_ID

type Json = dict[str, Any]

PASSWORD = "Lamina-demo-1"  # noqa: S105 (of the demo users, as `make seed` prints it)
ADMIN = {"email": "admin@lamina.test", "password": PASSWORD}
TOKEN = "3q2-7wABm0Yl1x4hQm8nVt5cJr6kZs9pXe2bFd7gHu0"  # noqa: S105 (an example, of no account)
_USER: Json = {"email": "grace@example.com", "username": "grace", "name": "Grace Hopper", "age": 36}
_POST: Json = {
    "title": "Notes on the engine",
    "content": "The engine *weaves algebraic patterns* as the loom weaves flowers.",
    "tags": ["engines"],
}
PATHS = {"slug": "welcome-to-lamina"}
"""By the name of the parameter, where an id is not enough."""

BODIES: dict[str, Json] = {
    "api_keys.create": {"name": "Continuous integration", "scopes": ["read"]},
    "auth.activate_second_factor": {"code": "123456"},
    "auth.change_email": {"email": "new-address@example.com", "current_password": PASSWORD},
    "auth.change_password": {"current_password": PASSWORD, "new_password": "Analytical-1843"},
    "auth.confirm_email": {"token": TOKEN},
    "auth.disable_second_factor": {"code": "123456"},
    "auth.forgot_password": {"email": "viewer@lamina.test"},
    "auth.login": ADMIN,
    "auth.reauthenticate": {"password": PASSWORD},
    "auth.redeem_sign_in_link": {"token": TOKEN},
    "auth.refresh": {"refresh_token": TOKEN},
    "auth.register": {
        "email": "ada@example.com",
        "username": "ada",
        "name": "Ada Lovelace",
        "password": "Analytical-1843",
    },
    "auth.request_sign_in_link": {"email": "viewer@lamina.test"},
    "auth.resend_verification": {"email": "viewer@lamina.test"},
    "auth.reset_password": {"token": TOKEN, "password": "Analytical-1843"},
    "auth.undo_email_change": {"token": TOKEN},
    "auth.verify_email": {"token": TOKEN},
    "auth.verify_second_factor": {"mfa_token": TOKEN, "code": "123456"},
    "graphql.execute": {"query": "{ posts(limit: 3) { title author { name } } }"},
    "oauth_clients.create": {"name": "Nightly import", "scopes": ["read"], "grant_types": ["client_credentials"]},
    "orders.create": {"lines": [{"product_id": EXAMPLE_ID, "quantity": 2}], "payment_method": "pm_card_visa"},
    "posts.create": {**_POST, "published": True},
    "posts.replace": {**_POST, "visibility": "public"},
    "posts.update": {"title": "Notes on the analytical engine"},
    "products.change_stock": {"change": 10, "reason": "Delivery of the week"},
    "products.create": {
        "sku": "LOOM-01",
        "name": "Table loom",
        "description": "Beech, 40 cm wide.",
        "price": {"amount": 18900, "currency": "EUR"},
        "stock": 12,
    },
    "products.update": {"description": "Stoneware, 300 ml, made in Zürich."},
    "reports.create": {"type": "users", "format": "csv"},
    "users.create": _USER,
    "users.replace": {"email": "admin@lamina.test", "username": "admin", "name": "Ada Admin", "age": 37},
    "users.update": {"age": 37},
    "users.update_me": {"metadata": {"team": "engines"}},
    "users.upload_avatar": {"content_type": "image/png"},
    "webhooks.create": {"url": "https://example.com/hooks", "events": ["order.*"], "description": "Orders of the shop"},
    "webhooks.update": {"events": ["order.*", "post.published"]},
}
"""By operation."""
