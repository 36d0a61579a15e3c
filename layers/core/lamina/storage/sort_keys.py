"""Reads of sort keys alone, for lists whose entries say everything in their keys.

PynamoDB makes an object of every item, which takes longer than the call if there are a thousand.
"""

from lamina.storage.item import Entry


def read_sort_keys(partition: str, count: int, *, prefix: str = "", consistent: bool = False) -> tuple[list[str], bool]:
    """Return the first sort keys of a partition, and whether there are more: one Query.

    Args:
        partition: the partition.
        count: maximum number of sort keys. Together their items must have less than 1 MB (API_Query).
        prefix: required prefix of the sort keys.
        consistent: whether to read all writes that have completed.
    """
    found = Entry._get_connection().query(  # noqa: SLF001 (PynamoDB's connection, without its objects)
        partition,
        Entry.sk.startswith(prefix) if prefix else None,
        attributes_to_get=[Entry.sk.attr_name],
        consistent_read=consistent,
        limit=count,
    )
    return [item["sk"]["S"] for item in found["Items"]], "LastEvaluatedKey" in found
