"""Catalogues that arrive as files."""
