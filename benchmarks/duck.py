"""The same lines joined to the same orders by the same keys, in DuckDB's memory: what a join alone can cost.

    python -m benchmarks.duck FILE DATABASE

Reads the file (default dialect of ``benchmarks.settlement_files``), joins by settlement reference, order id, transaction
and operation id, lets the lines of a transaction follow its Sale, and says of each line whether all its keys name one
order; it stores nothing on disk, explains nothing, suggests nothing. Prints JSON: seconds by the clock and by the processor, and the peak of memory in bytes.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.memory import peak

_KEYS = """
    SELECT 'order' AS kind, order_id AS text, id FROM orders WHERE account = 'demo'
    UNION SELECT 'order', hipay_order_id, "order" FROM pages WHERE account = 'demo'
    UNION SELECT 'reference', reference_1, id FROM orders WHERE account = 'demo' AND reference_1 <> ''
    UNION SELECT 'transaction', json_extract(data, '$.reference'), "order" FROM events WHERE kind = 'payment'
    UNION SELECT 'operation', operation_id, "order" FROM operations WHERE account = 'demo'
"""
_STEPS = (
    """CREATE TABLE lines AS SELECT row_number() OVER () AS n, *
       FROM read_csv($file, delim = ';', header = true, all_varchar = true)""",
    """CREATE TABLE line_keys AS SELECT n, 'order' AS kind, "Order" AS text FROM lines WHERE "Order" <> ''
       UNION ALL SELECT n, 'reference', "Reporting data 1" FROM lines WHERE "Reporting data 1" <> ''
       UNION ALL SELECT n, 'transaction', "Transaction ID" FROM lines WHERE "Transaction ID" NOT LIKE '%E+%'
       UNION ALL SELECT n, 'operation', "Merchant operation ID" FROM lines WHERE "Merchant operation ID" <> ''""",
    "CREATE TABLE edges AS SELECT DISTINCT n, line_keys.kind AS kind, id FROM line_keys JOIN keys USING (kind, text)",
    """CREATE MACRO one_order(edges) AS TABLE
       WITH voters AS (SELECT n, count(DISTINCT kind) AS keys FROM query_table(edges) GROUP BY n),
            votes AS (SELECT n, id, count(*) AS given FROM query_table(edges) GROUP BY n, id)
       SELECT n, min(id) FILTER (given = keys) AS id, count(*) FILTER (given = keys) AS fitting
       FROM votes JOIN voters USING (n) GROUP BY n""",
    """CREATE TABLE leaders AS
       SELECT "Transaction ID" AS reference, min(id) AS id FROM lines JOIN one_order('edges') USING (n)
       WHERE fitting = 1 AND "Operation" = 'Sale' AND "Transaction ID" <> '' GROUP BY 1 HAVING count(DISTINCT id) = 1""",
    """INSERT INTO edges SELECT n, 'sale', id FROM lines JOIN leaders ON "Transaction ID" = reference
       WHERE "Operation" NOT IN ('Sale', 'Settlement', 'Split settlement', 'Splitting settlement')""",
    """CREATE TABLE joined AS SELECT n, CASE WHEN fitting = 1 THEN 'matched' WHEN fitting > 1 THEN 'ambiguous'
       WHEN fitting = 0 THEN 'contradictory' ELSE 'unmatched' END AS outcome, CASE WHEN fitting = 1 THEN id END AS id
       FROM lines LEFT JOIN one_order('edges') USING (n)""",
)


def main(file: Path, database: Path) -> None:
    with sqlite3.connect(database) as store:
        rows = store.execute(_KEYS).fetchall()
    names = ("kind", "text", "id")
    keys = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    del rows
    db = duckdb.connect(":memory:")
    db.register("keys", keys)
    begun, busy = time.perf_counter(), time.process_time()
    for step in _STEPS:
        given: dict[str, Any] = {"file": str(file)} if "$file" in step else {}
        db.execute(step, given)
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    outcomes = dict(db.execute("SELECT outcome, count(*) FROM joined GROUP BY 1 ORDER BY 2 DESC").fetchall())
    print(
        json.dumps(
            {
                "lines": sum(outcomes.values()),
                "seconds": seconds,
                "busy": busy,
                "peak": peak(),
                "outcomes": outcomes,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
