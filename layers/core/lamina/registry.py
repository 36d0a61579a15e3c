"""Every item class of the table, imported in one place.

PynamoDB silently leaves out items whose class the process has not imported, so whoever reads items of several kinds
imports this module; a test compares it with the classes that exist.
"""

from lamina.activities.items import ActivityItem
from lamina.events.outbox import OutboxItem
from lamina.identity.credentials.api_keys import ApiKeyItem
from lamina.identity.items import (
    ClientItem,
    CredentialsItem,
    EmailChangeItem,
    FormerEmailItem,
    MfaItem,
    RefreshTokenItem,
    SessionItem,
)
from lamina.identity.security_events import DecoyItem
from lamina.identity.sessions.trusted_devices import TrustedDevicesItem
from lamina.identity.tokens.one_time_tokens import OneTimeTokenItem
from lamina.identity.tokens.signing_keys import KeyRingItem
from lamina.jobs.items import JobItem, OwnedJobItem
from lamina.mail.items import RefusedAddressItem, WelcomeItem
from lamina.storage.iteration import CheckpointItem
from lamina.storage.run_once import RequestItem
from lamina.users.counting import CountedItem, CounterItem
from lamina.users.items import GuardItem, SearchItem, UserItem
from lamina.users.purging import TombstoneItem
from lamina.users.reconciling import CountCheckpointItem
from lamina.webhooks.endpoint_queue import EndpointQueueItem
from lamina.webhooks.items import DeliveryItem, DirectoryItem, ParkedItem, PendingItem, WebhookItem

ITEMS = (
    ActivityItem,
    ApiKeyItem,
    ClientItem,
    CountedItem,
    CounterItem,
    CredentialsItem,
    DecoyItem,
    DeliveryItem,
    DirectoryItem,
    EmailChangeItem,
    FormerEmailItem,
    GuardItem,
    JobItem,
    KeyRingItem,
    TrustedDevicesItem,
    EndpointQueueItem,
    MfaItem,
    OneTimeTokenItem,
    OutboxItem,
    OwnedJobItem,
    ParkedItem,
    PendingItem,
    CheckpointItem,
    RefreshTokenItem,
    RefusedAddressItem,
    RequestItem,
    SearchItem,
    SessionItem,
    TombstoneItem,
    UserItem,
    CountCheckpointItem,
    WebhookItem,
    WelcomeItem,
)
