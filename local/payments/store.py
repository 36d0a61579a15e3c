"""Payment intents, and the responses to idempotency keys, in SQLite: a kill loses nothing."""

import json
import secrets
import sqlite3
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Intent:
    """A payment intent (https://docs.stripe.com/api/payment_intents/object).

    Attributes:
        amount: in minor units.
        currency: in lower case.
        metadata: of the client.
        id: its id.
        created: Unix time.
        status: its status.
        method: payment method of the last attempt.
        error: code of the last decline.
        refunded: amount that was refunded.
        charges: number of times that the amount was taken; more than one would be a fault of the simulator.
    """

    amount: int
    currency: str
    metadata: dict[str, str]
    id: str = field(default_factory=lambda: f"pi_{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))
    status: str = "requires_payment_method"
    method: str | None = None
    error: str | None = None
    refunded: int = 0
    charges: int = 0

    def as_json(self, *, expanded: bool = True) -> dict[str, Any]:
        """Return it as the API returns it; `expanded` for a whole `latest_charge` rather than its id."""
        charge_id = f"ch_{self.id[3:]}"
        charge = {
            "id": charge_id,
            "object": "charge",
            "amount": self.amount,
            "amount_refunded": self.refunded,
            "refunded": self.refunded == self.amount,
            "payment_intent": self.id,
            "metadata": self.metadata,
        }
        error = {"type": "card_error", "code": "card_declined", "decline_code": self.error}
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": self.amount * self.charges,
            "currency": self.currency,
            "created": self.created,
            "metadata": self.metadata,
            "payment_method": self.method,
            "status": self.status,
            "latest_charge": (charge if expanded else charge_id) if self.charges else None,
            "last_payment_error": error if self.error else None,
        }


class Store:
    """The intents and responses of one account."""

    def __init__(self, file: Path | None) -> None:
        """Open a file, or keep everything in memory if it is None."""
        self._database = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._database.execute("create table if not exists intents (id text primary key, created int, content text)")
        self._database.execute("create table if not exists answers (key text primary key, request text, answer text)")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def save(self, intent: Intent) -> None:
        """Store an intent."""
        row = (intent.id, intent.created, json.dumps(asdict(intent)))
        self._database.execute("insert into intents values (?, ?, ?) on conflict do update set content = ?3", row)

    def get(self, intent_id: str) -> Intent | None:
        """Return an intent, or None."""
        found = self._database.execute("select content from intents where id = ?", (intent_id,)).fetchone()
        return Intent(**json.loads(found[0])) if found else None

    def since(self, instant: int, after: str | None, limit: int) -> list[Intent]:
        """Return intents that were created since an instant, newest first, after the one with this id."""
        rows = self._database.execute(
            "select content from intents where created >= :since and (:after is null or rowid < "
            "(select rowid from intents where id = :after)) order by rowid desc limit :limit",
            {"since": instant, "after": after, "limit": limit},
        )
        return [Intent(**json.loads(content)) for (content,) in rows]

    def answered(self, key: str) -> tuple[str, dict[str, Any]] | None:
        """Return the request and the response that were stored for an idempotency key."""
        row = self._database.execute("select request, answer from answers where key = ?", (key,)).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    def remember(self, key: str, request: str, answer: dict[str, Any]) -> None:
        """Store the response to an idempotency key."""
        self._database.execute("insert or replace into answers values (?, ?, ?)", (key, request, json.dumps(answer)))
