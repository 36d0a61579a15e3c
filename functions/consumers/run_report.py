"""Event queue → S3: write the requested reports."""

from lamina.events.consumer import consumer
from lamina.reports.service import follow

handler = consumer("report", follow)
