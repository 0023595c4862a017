"""Runs statements with Trino's Python client: python_client.py URL COMMAND ARG...

run SQL...          one after the other on one connection
transaction SQL...  in one explicit transaction, committed at the end
prepared SQL ARG... by PREPARE and EXECUTE, with text parameters
cancel SQL          cancelled as soon as a line comes on standard input

Where the SQL is PAUSE, PAUSED is printed, and nothing runs until a line comes on standard input. Extra settings are in the
environment: TRINO_PASSWORD and TRINO_CA (a file with the server's certificate), for https.

Prints each row tab-separated; an error goes to standard error, with exit status 1. The Go and JDBC
clients beside this file do the same.
"""

import os
import sys
import threading
from urllib.parse import urlsplit

import trino


def connect(url, **options):
    address = urlsplit(url)
    if address.scheme == "https":
        # `verify` would not do: this variable, where it is set, overrules that.
        os.environ["REQUESTS_CA_BUNDLE"] = os.environ["TRINO_CA"]
        options |= {"http_scheme": "https",
                    "auth": trino.auth.BasicAuthentication("python", os.environ["TRINO_PASSWORD"])}
    return trino.dbapi.connect(
        host=address.hostname, port=address.port, user="python",
        # By default the client gives up 0.3 s after a connection is refused, before a gateway that
        # is started again can be there.
        max_attempts=12, **options)


def print_rows(cursor):
    while (row := cursor.fetchone()) is not None:
        print(*row, sep="\t", flush=False)


def run(connection, statements):
    for statement in statements:
        if statement == "PAUSE":
            print("PAUSED", flush=True)
            sys.stdin.readline()
            continue
        cursor = connection.cursor()
        cursor.execute(statement)
        print_rows(cursor)


def transaction(url, statements):
    with connect(url, isolation_level=trino.transaction.IsolationLevel.READ_UNCOMMITTED) as connection:
        run(connection, statements)


def prepared(url, statement, *arguments):
    cursor = connect(url, legacy_prepared_statements=True).cursor()
    cursor.execute(statement, arguments)
    print_rows(cursor)


def cancel(url, statement):
    cursor = connect(url).cursor()

    def cancel_on_input():
        if sys.stdin.readline():
            cursor.cancel()

    threading.Thread(target=cancel_on_input, daemon=True).start()
    cursor.execute(statement)
    print_rows(cursor)


def main():
    url, command, *arguments = sys.argv[1:]
    if command == "run":
        run(connect(url), arguments)
    elif command == "transaction":
        transaction(url, arguments)
    elif command == "prepared":
        prepared(url, *arguments)
    elif command == "cancel":
        cancel(url, *arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except trino.exceptions.Error as error:
        # As a traceback shows it: when a transaction cannot be ended, what went wrong first as well.
        while error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            error = error.__context__
        sys.exit(1)
