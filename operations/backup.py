"""`make backup`: creates a backup of the table, and prints its ARN for `make restore-drill BACKUP=…`.

It takes no capacity of the table, and is kept until it is deleted, also if the table is. `LOCAL=1` selects the running
local stack, whose backups are gone when it stops.
"""

import argparse

from operations.command import explained, parse, parser
from operations.connection import connect
from operations.restore import tables
from operations.restore_drill import table_of_stack


def main() -> None:
    """Read the command line, and create the backup."""
    options = parser("backup", __doc__)
    add_options(options)
    given = parse(options)
    with explained(given.stack, given.region):
        connect(given.stack)
        print(back_up(given))


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the options of this command to a parser."""
    options.add_argument("--name", default="", help="name of the backup; default: the table's, with the time")


def back_up(given: argparse.Namespace) -> str:
    """Create a backup of the connected stack's table, and return its ARN."""
    client, table = table_of_stack()
    return str(tables.back_up(client, table, given.name or tables.stamped("backup", table))["BackupArn"])


if __name__ == "__main__":
    main()
