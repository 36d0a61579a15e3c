"""Scenarios that take each function down every path that calls AWS, by resource: `SCENARIOS` by `folder/file`."""
