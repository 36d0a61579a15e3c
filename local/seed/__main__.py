"""`python -m local.seed`: fills a running local stack with demo data; idempotent.

`SEED_PASSWORD` is the password of all created users (default `Lamina-demo-1`). `PORT` selects the stack if more
than one runs from this checkout.
"""

import json
import os
import sys
import time

from local.seed.connection import connect
from local.seed.people import DEMO, OTHERS
from local.terminal import Stopped, complain, say, seconds, step

DEFAULT_PASSWORD = "Lamina-demo-1"  # noqa: S105 (of demo users on a laptop; the contract names it)


def main() -> int:
    """Return the exit code: 0 if the data was written, 1 if no stack runs."""
    begun = time.monotonic()
    password = os.environ.get("SEED_PASSWORD") or DEFAULT_PASSWORD
    try:
        url = connect(os.environ.get("PORT") or None)
        say(f"seeding {url}")
        _fill(url, password)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    say(f"done in {seconds(time.monotonic() - begun)}")
    say(_how_to_sign_in(url, password))
    return 0


def _how_to_sign_in(url: str, password: str) -> str:
    """Return the next step: the users, and a command that signs one of them in."""
    people = ", ".join(person.email for person in DEMO)
    known = password if password == DEFAULT_PASSWORD else "<SEED_PASSWORD>"
    body = json.dumps({"email": DEMO[0].email, "password": known})
    return (
        f"sign in as {people} with the password of the first seeding:\n"
        f"  curl -s {url}/v1/auth/login -H 'Content-Type: application/json' -d '{body}'"
    )


def _fill(url: str, password: str) -> None:
    # Only now: the settings that these modules read when they are imported stand in the environment since `connect`.
    from local.seed import orders, posts, products
    from local.seed.users import Seeder

    seeder = Seeder(password)
    for name, people in (("people to sign in as", DEMO), ("more users", OTHERS)):
        with step(name):
            made = sum(map(seeder.settle, people))
        say(f"    {made} created, {len(people) - made} existed already")
    for subject, settled, known in (
        ("posts", map(posts.settle, posts.POSTS), len(posts.POSTS)),
        ("products", map(products.settle, products.PRODUCTS), len(products.PRODUCTS)),
    ):
        with step(subject):
            made = sum(settled)
        say(f"    {made} created, {known - made} existed already")
    with step("orders"):
        made = orders.settle_all(url, password)
    say(f"    {made} placed, {len(orders.ORDERS) - made} existed already")


if __name__ == "__main__":
    sys.exit(main())
