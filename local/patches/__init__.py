"""What is done to MiniStack in memory so that it behaves as AWS does where we lean on it.

One module a gap. Each says what MiniStack does, what AWS does, and has a test in `tests/local/test_patches.py` that
fails once MiniStack has healed: the module can then go.
"""

from local.patches import (
    credentials,
    kms_sizes,
    layer_archives,
    layers,
    logs,
    mails,
    nested_stacks,
    nested_updates,
    payloads,
    request_conditions,
    request_headers,
    rest_bodies,
    saving,
    secret_references,
    stream_failures,
    time_to_live,
    workers,
)


def apply() -> None:
    """Apply every mend; call it once, before MiniStack serves."""
    for mend in (
        credentials,
        nested_stacks,
        nested_updates,
        rest_bodies,
        request_headers,
        request_conditions,
        payloads,
        kms_sizes,
        layers,
        workers,
        time_to_live,
        secret_references,
        stream_failures,
        logs,
        mails,
        layer_archives,
        saving,
    ):
        mend.apply()
