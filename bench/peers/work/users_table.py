"""The table of users by boto3 alone: the items that Lamina writes, as one would write them by hand."""

import json
import os
import time
import unicodedata
import uuid
import zlib
from datetime import UTC, datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TABLE = os.environ["TABLE_NAME"]
SHARDS = 4
EVENT_SECONDS = 90 * 24 * 3600

client = boto3.client("dynamodb", config=Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard"}))


class Taken(Exception):
    """Another user has the e-mail address or the username; the argument is the error's code."""


def read(user_id):
    """Read a user as last written; None where there is none, or it is deleted."""
    key = {"pk": {"S": f"USER#{user_id}"}, "sk": {"S": "USER"}}
    item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    if item is None or "deleted_at" in item:
        return None
    return {
        "id": user_id,
        "email": item["email"]["S"],
        "username": item["username"]["S"],
        "name": item["name"]["S"],
        "age": int(item["age"]["N"]) if "age" in item else None,
        "locale": item.get("locale", {"S": "en"})["S"],
        "role": item["role"]["S"],
        "status": item["status"]["S"],
        "email_verified": item["email_verified"]["BOOL"],
        "metadata": json.loads(item["metadata"]["S"]),
        "avatar_url": item.get("avatar_url", {}).get("S"),
        "version": int(item["version"]["N"]),
        "created_at": item["created_at"]["S"],
        "updated_at": item["updated_at"]["S"],
        "created_by": item.get("created_by", {}).get("S"),
        "deleted_at": None,
    }


def create(new, actor, correlation_id):
    """Write a user, its guards, its search entries and its event in one transaction; return the user."""
    now = _now()
    user = {
        "id": _new_id(),
        "email": new["email"],
        "username": new["username"],
        "name": new["name"],
        "age": new.get("age"),
        "locale": new.get("locale") or "en",
        "role": new.get("role") or "viewer",
        "status": new.get("status") or "active",
        "email_verified": False,
        "metadata": new.get("metadata") or {},
        "avatar_url": None,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "created_by": actor,
        "deleted_at": None,
    }
    guards = [_guard(user, "email"), _guard(user, "username")]
    items = [_user_item(user), *guards, *_search_entries(user), _event(user, correlation_id)]
    try:
        client.transact_write_items(TransactItems=[_put(item) for item in items], ClientRequestToken=_new_id())
    except ClientError as error:
        raise _refusal(error) from error
    return user


def _put(item):
    return {
        "Put": {
            "TableName": TABLE,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#version)",
            "ExpressionAttributeNames": {"#version": "version"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _user_item(user):
    item = {
        "pk": {"S": f"USER#{user['id']}"},
        "sk": {"S": "USER"},
        **_basics("user", user),
        "schema_version": {"N": "2"},
        **_lists(user, "created_at", user["created_at"]),
        "updated_at": {"S": user["updated_at"]},
        "email": {"S": user["email"]},
        "username": {"S": user["username"]},
        "name": {"S": user["name"]},
        "locale": {"S": user["locale"]},
        "role": {"S": user["role"]},
        "status": {"S": user["status"]},
        "email_verified": {"BOOL": user["email_verified"]},
        "metadata": {"S": json.dumps(user["metadata"])},
        "session_epoch": {"N": "0"},
        "credential_epoch": {"N": "0"},
    }
    if user["age"] is not None:
        item["age"] = {"N": str(user["age"])}
    return item


def _guard(user, field):
    return {
        "pk": {"S": f"{field.upper()}#{user[field]}"},
        "sk": {"S": "GUARD"},
        **_basics("guard", user, since=_now()),
        **_lists(user, field, user[field]),
        "user_id": {"S": user["id"]},
    }


def _search_entries(user):
    shard = zlib.crc32(user["id"].encode()) % SHARDS
    words = {"public": _words(user["username"], user["name"]), "email": _words(user["email"])}
    for name, found in words.items():
        for word in found:
            yield {
                "pk": {"S": f"SEARCH#USERS#{name}#{shard}"},
                "sk": {"S": f"{word}#{user['id']}"},
                "kind": {"S": "user_search"},
                "schema_version": {"N": "1"},
                "version": {"N": "1"},
                "created_at": {"S": _now()},
            }


def _event(user, correlation_id):
    event_id = _new_id()
    return {
        "pk": {"S": f"USER#{user['id']}"},
        "sk": {"S": f"EVENT#{event_id}"},
        **_basics("event", user, since=_now()),
        "event_id": {"S": event_id},
        "event_type": {"S": "user.created"},
        "event_version": {"N": "1"},
        "correlation_id": {"S": correlation_id},
        "actor": {"S": user["created_by"]},
        "subject": {"S": user["id"]},
        "subject_version": {"N": "1"},
        "data": {"S": json.dumps({"id": user["id"], "role": user["role"], "status": user["status"]})},
        "expires_at": {"N": str(int(time.time()) + EVENT_SECONDS)},
    }


def _basics(kind, user, since=None):
    return {
        "kind": {"S": kind},
        "schema_version": {"N": "1"},
        "version": {"N": "1"},
        "created_at": {"S": since or user["created_at"]},
        "created_by": {"S": user["created_by"]},
    }


def _lists(user, sort, value):
    shard = zlib.crc32(user["id"].encode()) % SHARDS
    filters = ((), (user["role"],), (user["status"],), (user["role"], user["status"]))
    keys = {
        f"gsi{number}pk": {"S": "#".join(("USERS", sort, *chosen, str(shard)))}
        for number, chosen in enumerate(filters, 1)
    }
    return {**keys, "gsisk": {"S": f"{value}#{user['id']}"}}


def _words(*texts):
    """Split into what a search may begin with, without what only begins another."""
    found = []
    for token in " ".join(texts).split():
        parts = "".join(char if char.isalnum() else " " for char in _fold(token)).split()
        found += ["-".join(parts[start:]) for start in range(len(parts))]
    unique = list(dict.fromkeys(found))
    return [word for word in unique if not any(other.startswith(word) for other in unique if other != word)]


def _fold(text):
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _refusal(error):
    reasons = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") == "ConditionalCheckFailed" for reason in reasons]
    if any(codes[1:2]):
        return Taken("EMAIL_TAKEN")
    return Taken("USERNAME_TAKEN") if any(codes[2:3]) else error


def _now():
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _new_id():
    """Return a new UUIDv7 (RFC 9562 section 5.7)."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80 | random
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(0b11 << 62) | 0b10 << 62))
