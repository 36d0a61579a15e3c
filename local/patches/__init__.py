"""Patches MiniStack in memory, so that it behaves like AWS where Lamina depends on it.

One module per difference. Each describes what MiniStack does and what AWS does, and has a test in
`tests/local/test_patches.py` that fails once MiniStack is corrected: the module can then be removed. `breakpoints` is
for debuggers instead.
"""

from local.patches import (
    api_hosts,
    breakpoints,
    credentials,
    deployments,
    error_names,
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
    socket_addresses,
    socket_answers,
    socket_ends,
    socket_handshakes,
    socket_invocations,
    socket_messages,
    stream_failures,
    time_to_live,
    workers,
)


def apply() -> None:
    """Apply every patch; call it once, before MiniStack serves."""
    for patch in (
        credentials,
        api_hosts,
        nested_stacks,
        nested_updates,
        deployments,
        rest_bodies,
        socket_invocations,
        socket_ends,
        socket_answers,
        socket_handshakes,
        socket_messages,
        socket_addresses,
        request_headers,
        request_conditions,
        payloads,
        kms_sizes,
        layers,
        workers,
        breakpoints,
        error_names,
        time_to_live,
        secret_references,
        stream_failures,
        logs,
        mails,
        layer_archives,
        saving,
    ):
        patch.apply()
