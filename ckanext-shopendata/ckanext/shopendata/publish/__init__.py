"""From the catalogue to CKAN: the one way by which datasets, resources, views and open tables are written.

Whatever writes them in CKAN is closed (:mod:`gate`) but for code that runs inside :func:`publishing`.
"""

from __future__ import annotations

from ckanext.shopendata.publish.gate import publishing

__all__ = ["publishing"]
