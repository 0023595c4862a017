"""The gateway among broken clients and backends: raw sockets on both sides, or a fake Trino."""
