"""The single table: items and keys, transactions, sharded lists and cursors."""

from lamina.storage.botocore_stand_ins import import_pynamodb

import_pynamodb()
