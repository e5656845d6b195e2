"""Who may reach which database is said twice, in SQL and in pg_hba.conf: both must agree."""

from stack import databases
from stack.settings import ROOT


def test_the_cluster_lets_in_whom_the_databases_expect():
    lines = (ROOT / "config" / "postgres" / "pg_hba.conf").read_text().splitlines()
    rules = [line.split() for line in lines if line.startswith("host")]
    let_in = {database: set(users.split(",")) for _, database, users, *_ in rules if database != "all"}
    assert let_in.pop("vanilla,vanilla_datastore") == {"vanilla", "vanilla_reader"}  # stack/vanilla.py makes them
    assert let_in == {database: set(guests) for database, (_, guests) in databases.DATABASES.items()}
