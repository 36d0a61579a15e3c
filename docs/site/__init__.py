"""The documentation site: `make docs-site` builds it from `docs/` into `site/`, without calling another host."""
