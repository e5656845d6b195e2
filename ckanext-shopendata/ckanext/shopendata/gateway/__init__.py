"""The data gateway: a WSGI application of its own that never imports CKAN (import-linter holds this)."""
