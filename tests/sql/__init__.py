"""The analysis of SQL text, compared with Trino's own parser over a corpus of statements."""
