"""Captured mails outlive a restart.

MiniStack saves SES's identities and templates and loses captured mails. What a local stack keeps, it
keeps whole: the mail with the link that someone was about to click as well.
"""

from typing import Any

from ministack.services import ses

MAILS_KEPT = 500


def apply() -> None:
    """Save and restore the newest of the mails that SES has captured."""
    get_state, load = ses.get_state, ses.load_persisted_state

    def state_with_mails() -> dict[str, Any]:
        mails = [(list(key), sent[-MAILS_KEPT:]) for key, sent in list(ses._sent_emails._data.items()) if sent]
        return {**get_state(), "_sent_emails": mails}

    def load_with_mails(data: dict[str, Any]) -> None:
        load(data)
        for key, sent in data.get("_sent_emails", []):
            ses._sent_emails._data[tuple(key)] = sent

    ses.get_state, ses.load_persisted_state = state_with_mails, load_with_mails
