"""Every night: compare the payments at the provider with the orders, and report differences."""

from lamina.events.schedule import schedule
from lamina.orders.reconciling import reconcile_payments

handler = schedule("payments reconciled", reconcile_payments)
