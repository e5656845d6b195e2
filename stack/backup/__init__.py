"""Backups of a whole installation: made while it serves, read back, restored onto a stopped or empty stack.

:mod:`parts` says what is kept and what is not; :mod:`archive` what an archive looks like; :mod:`moment` how three
databases are read as of one moment; :mod:`envelope` how an archive is locked; the verbs have a module each.
"""
