"""Queue of events → S3: the reports that were asked for."""

from lamina.events.consumer import consumer
from lamina.reports.service import follow

handler = consumer("report", follow)
