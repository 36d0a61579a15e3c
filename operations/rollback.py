"""`make rollback`: deploys what the stack was before the last deployment, at once and as a whole.

Functions, layers, settings, the API and alarms are what they were; data is not touched (docs/delivery.md says what
that needs). What is deployed now is kept, so a second `make rollback` goes forward again. `DRY_RUN=1` only says what it
would deploy.
"""

import argparse

from operations.command import explained, parse, parser
from operations.connection import give_up
from operations.releases import ROLLOUT, DeploymentError, current, deploy, kept, previous

AT_ONCE = {ROLLOUT: "AllAtOnce"}
"""Whoever rolls back does not want a tenth of the requests to be served well."""


def main() -> None:
    """Read the command line, and roll back."""
    options = parser("rollback", __doc__)
    options.add_argument("--dry-run", action="store_true", help="deploy nothing")
    given = parse(options)
    with explained(given.stack, given.region):
        roll_back(given)


def roll_back(given: argparse.Namespace) -> None:
    """Deploy the previous release of a stack, and print the progress."""
    now = current(given.stack)
    if now is None:
        give_up(f"stack {given.stack!r} does not exist: deploy it with `make deploy`")
    target = previous(given.stack)
    if target is None:
        give_up("there is no previous release: `make deploy` keeps one from the second deployment on")
    if target.is_same(now):
        give_up("the previous release is what is deployed")
    print(f"deployed at {now.deployed_at}; previous release of {target.deployed_at}")
    if given.dry_run:
        return
    try:
        # The rollout is a property of a deployment, and not of the release.
        with kept(given.stack):
            for line in deploy(given.stack, target, AT_ONCE):
                print(line, flush=True)
    except DeploymentError as error:
        give_up(str(error))
    print("rolled back; run it again to go forward")


if __name__ == "__main__":
    main()
