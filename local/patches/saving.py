"""State is saved while the local AWS runs, and what is restored lacks nothing of the table stream.

MiniStack saves at a clean stop alone, so that `kill -9` loses everything since the start; and it saves how far each
stream mapping has read, but not the stream: after a restart the stream counts from 0 again while the mapping waits at
its old position, and every record before that is skipped. AWS loses neither.

Here every service that a request may have changed is saved every two seconds. Tables are too big for that: their
items, the records that some mapping has yet to read, and the mappings' positions go to SQLite as they change
(`item_store.py`), in one transaction, so that the three always fit together.

Nothing but items is saved while a stack is being deployed: a kill then leaves what was before.
"""

import asyncio
import contextlib
import copy
import hashlib
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import cloudformation, dynamodb, lambda_svc

from local.patches.item_store import ItemStore, trim_before_polling

FLUSH_SECONDS = 0.5
SAVE_SECONDS = 2.0
# Saved at a clean stop only: they change with every invocation, and nobody misses the last seconds of them.
SAVED_AT_THE_END = {"cloudwatch_logs", "cloudwatch", "dynamodb_streams", "sts", "cloudtrail"}
# Big, and changed by requests to themselves or by a stack alone.
SAVED_WHEN_ASKED_FOR = {"lambda", "cloudformation", "apigateway", "apigateway_v1", "iam", "s3", "dynamodb"}
STACKS = "cloudformation"

logger = logging.getLogger("lamina.saving")
_touched: set[str] = set()
_digests: dict[str, bytes] = {}
_store: ItemStore | None = None
_between_saves = asyncio.Lock()


def apply() -> None:
    """If state is kept, save it as it changes and restore all of it."""
    global _store  # noqa: PLW0603  one local AWS a process, as MiniStack itself has it
    if not persistence.PERSIST_STATE:
        trim_before_polling(threading.Lock())
        return
    folder = Path(persistence.STATE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    _store = ItemStore(folder / "items.sqlite")
    _keep_items_out_of_the_snapshot(_store)
    _keep_positions_with_the_stream(_store)
    _note_requests()


async def save_on_a_timer() -> None:
    """Until cancelled: items twice a second, everything else every two seconds, each only when it has changed."""
    if _store is None:
        return
    elapsed = 0.0
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        elapsed += FLUSH_SECONDS
        async with _between_saves:
            with _errors_logged():
                await _store.flush()
            if elapsed >= SAVE_SECONDS and not _stack_in_progress():
                elapsed = 0.0
                with _errors_logged():
                    await _save_services(_due())


async def stop(timer: asyncio.Task[None]) -> None:
    """End the timer between two saves, and save the last items; MiniStack has saved the rest by then."""
    async with _between_saves:
        timer.cancel()
    if _store is not None:
        await _store.flush()


async def save_now() -> None:
    """Save everything that the timer would, at once."""
    if _store is not None:
        async with _between_saves:
            await _store.flush()
            await _save_services([key for key in _state_getters() if key not in SAVED_AT_THE_END])


@contextlib.contextmanager
def _errors_logged() -> Any:
    try:
        yield
    except Exception:  # a save that fails must not end the saving
        logger.exception("saving failed; retrying")


def _stack_in_progress() -> bool:
    return any(stack.get("StackStatus", "").endswith("_IN_PROGRESS") for stack in cloudformation._stacks._data.values())


def _due() -> list[str]:
    if STACKS in _touched:
        _touched.update(SAVED_WHEN_ASKED_FOR)
    if not _touched:
        return []
    asked = set(_touched)
    _touched.clear()
    return [key for key in _state_getters() if key not in SAVED_AT_THE_END | SAVED_WHEN_ASKED_FOR or key in asked]


def _state_getters() -> dict[str, Callable[[], dict[str, Any] | None]]:
    return dict(app._build_persistence_save_dict())


async def _save_services(keys: list[str]) -> None:
    getters = _state_getters()
    for key in keys:
        state = getters[key]()
        if state is not None:
            await asyncio.to_thread(_save_if_changed, key, state)
        await asyncio.sleep(0)  # let requests in between two services


def _save_if_changed(key: str, state: dict[str, Any]) -> None:
    text = json.dumps(state, default=persistence._json_default)
    digest = hashlib.blake2b(text.encode()).digest()
    if _digests.get(key) != digest:
        _write(key, text)
        _digests[key] = digest


def _write(key: str, text: str) -> None:
    """Return the file that MiniStack itself would write, replaced in one step."""
    target = Path(persistence.STATE_DIR, f"{key}.json")
    beginning = target.with_suffix(".new")
    version = persistence._state_format_version(key)
    beginning.write_text(f'{{"__ministack_format__": {version}, "payload": {text}}}', encoding="utf-8")
    beginning.replace(target)


def _note_requests() -> None:
    """Mark each service as used when it receives a request."""
    for service, handler in list(app.SERVICE_HANDLERS.items()):
        module = app.SERVICE_REGISTRY[service]["module"]
        key = next((key for key, name in app._state_map.items() if name == module), module)
        app.SERVICE_HANDLERS[service] = _noting(key, handler)


def _noting(key: str, handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle(method: str, path: str, *more: Any) -> Any:
        try:
            return await handler(method, path, *more)
        finally:
            if method not in {"GET", "HEAD"} and not path.endswith("/invocations"):
                _touched.add(key)

    return handle


def _keep_items_out_of_the_snapshot(store: ItemStore) -> None:
    load = dynamodb.load_persisted_state
    settings = (
        "tags",
        "ttl_settings",
        "pitr_settings",
        "kinesis_destinations",
        "contributor_insights",
        "backups",
        "resource_policies",
        "exports",
        "imports",
    )

    def state_without_items() -> dict[str, Any]:
        tables = type(dynamodb._tables)()
        for key, table in list(dynamodb._tables._data.items()):
            kept = {name: value for name, value in table.items() if name not in {"items", dynamodb._INDEX_MEMBERS}}
            tables._data[key] = {**copy.deepcopy(kept), "items": {}}
        return {"tables": tables, **{name: copy.deepcopy(getattr(dynamodb, f"_{name}")) for name in settings}}

    def load_with_items(data: dict[str, Any]) -> None:
        load(data)
        store.restore_items()

    dynamodb.get_state, dynamodb.load_persisted_state = state_without_items, load_with_items
    store.watch()


def _keep_positions_with_the_stream(store: ItemStore) -> None:
    get_state, load = lambda_svc.get_state, lambda_svc.load_persisted_state

    def state_without_positions() -> dict[str, Any]:
        return {**get_state(), "dynamodb_stream_positions": {}}

    def load_with_positions(data: dict[str, Any]) -> None:
        # Before the poller that `load` starts can look at the stream.
        store.restore_positions()
        load(data)

    lambda_svc.get_state, lambda_svc.load_persisted_state = state_without_positions, load_with_positions
