"""Statements that several tests run."""

# 100,000 rows, 7 MB, always in one order: about ten pages.
HUNDRED_THOUSAND_ROWS = """
SELECT orderkey, linenumber, extendedprice, shipdate, comment, copy
FROM tpch.tiny.lineitem CROSS JOIN (VALUES 1, 2) AS copies(copy)
ORDER BY orderkey, linenumber, copy LIMIT 100000"""

# The first of them: several pages, too.
TWENTY_THOUSAND_ROWS = HUNDRED_THOUSAND_ROWS.replace("100000", "20000")


def endless(marker):
    """Runs for hours, without a row before its end."""
    return f"SELECT count(*) AS {marker} FROM tpch.sf1000.lineitem"


def some_seconds(marker):
    """Runs for some seconds and gives one row, 6001215."""
    return f"SELECT count(*) AS {marker} FROM tpch.sf1.lineitem"
