"""The domain: pure Python, no CKAN, no database, no clock, no network (import-linter holds this).

Modules here are tables, frozen dataclasses and functions over them; times, look-ups and identifiers come in as
arguments. CKAN actions lock, load, ask the policy, append the event and commit.
"""
