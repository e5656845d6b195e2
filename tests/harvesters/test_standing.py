"""What a synchronisation compares with is read quickly from tables of which PostgreSQL knows nothing yet."""

import sqlalchemy as sa
from ckan import model

from harvesters import standing
from stack import databases


def test_is_looked_up_by_key_before_there_are_statistics(clean_db, with_request_context, test_stack):
    """Joins of tables that count as empty are done row by row, however many rows there are by then."""
    with databases.connect(test_stack, "ckan") as tables:
        tables.execute("ANALYZE")
    asked = []

    def note(connection, cursor, statement, parameters, context, executemany):
        asked.append((statement, parameters))

    connection = model.Session.connection()
    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        standing.load("a-source")
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)
    plans = ["\n".join(connection.exec_driver_sql(f"EXPLAIN {one}", given).scalars()) for one, given in asked]
    assert len(plans) >= 7
    assert [plan for plan in plans if "Nested Loop" in plan] == []
