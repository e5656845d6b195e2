"""``python -m ckanext.shopendata.harvesters.sandbox.sample --summary``: what the sample holds."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import date

from . import REFERENCE_DAY, Sample

_TIERS = "UCN?X"


def summary(sample: Sample) -> str:
    """Counts by agency and tier, tables and digest, as text."""
    lines = [f"{'':>2} {'  '.join(f'{tier:>3}' for tier in _TIERS)}  sum"]
    for agency in sample.agencies:
        tiers = Counter(entry.tier for entry in sample.entries if entry.agency == agency)
        counts = "  ".join(f"{tiers[tier]:>3}" for tier in _TIERS)
        lines.append(f"{agency.number:>2} {counts}  {tiers.total():>3}  {agency.name}")
    tiers = Counter(entry.tier for entry in sample.entries)
    lines.append(f"{'':>2} {'  '.join(f'{tiers[tier]:>3}' for tier in _TIERS)}  {tiers.total():>3}")
    lines.append(f"bad records: {len(sample.bad)}, records in all: {len(sample.records)}")
    lines.append(f"tables: {len(sample.tables)}, rows: {sum(table.total for table in sample.tables.values())}")
    lines.append(f"digest on {sample.today}: {sample.digest()}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Prints and returns 0."""
    parser = argparse.ArgumentParser(description="The demonstration catalogue.")
    parser.add_argument("--summary", action="store_true", required=True, help="print counts and digest")
    parser.add_argument("--today", type=date.fromisoformat, default=REFERENCE_DAY, help="YYYY-MM-DD")
    sys.stdout.write(summary(Sample(parser.parse_args(arguments).today)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
