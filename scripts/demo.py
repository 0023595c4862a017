"""The demo itself, once everything is installed and built; see demo.sh."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

from harness.clients import CommandLine  # noqa: E402
from harness.gateway import Gateway, two_clusters  # noqa: E402
from harness.trino_files import trino_files  # noqa: E402
from harness.trino_server import TrinoServer  # noqa: E402

# The first of TPC-H's queries, over the smallest data set.
QUERY = """
SELECT returnflag, linestatus, sum(quantity) AS sum_qty, round(avg(extendedprice), 2) AS avg_price,
       count(*) AS count_order
FROM tpch.tiny.lineitem WHERE shipdate <= DATE '1998-09-02'
GROUP BY returnflag, linestatus ORDER BY returnflag, linestatus"""
RUNS = 4


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # ends like Ctrl-C: all is stopped
    files = trino_files(report=say)
    with tempfile.TemporaryDirectory(prefix="trino-gateway-demo-") as folder:
        started = []
        try:
            run(files, Path(folder), started)
        except KeyboardInterrupt:
            say("")
        finally:
            say("stopping the gateway and both Trino servers")
            for server in reversed(started):
                server.stop()


def run(files, folder, started):
    """Starts all servers, puts them into `started`, and runs the query; returns on Ctrl-C."""
    say("starting two Trino servers (about 15 seconds)")
    clusters = [TrinoServer(name, folder, files) for name in ("c1", "c2")]
    for cluster in clusters:
        started.append(cluster.start())
    for cluster in clusters:
        cluster.wait_ready()
        say(f"  {cluster.name} is ready: {cluster.url}")

    token = secrets.token_urlsafe(12)
    gateway = Gateway(folder / "gateway", token=token, **two_clusters(*clusters))
    started.append(gateway.start())
    gateway.wait_for_backends("c1", "c2")
    say(f"the gateway is ready: {gateway.url}")

    run_queries(CommandLine(files.cli), gateway, clusters)
    show_addresses(gateway, token, files)
    if os.environ.get("DEMO_ONCE") != "1":
        say("Ctrl-C stops everything.")
        signal.pause()


def run_queries(cli, gateway, clusters):
    say(f"\nTrino's CLI runs this {RUNS} times through the gateway:{QUERY}\n")
    for number in range(1, RUNS + 1):
        # A name in the SQL tells the runs apart at the clusters.
        rows = cli.run(gateway.url, QUERY.replace("count_order", f"count_order_{number}"),
                       output="ALIGNED")
        if number == 1:
            say(rows)
        for cluster in clusters:
            for query_id, state, _ in cluster.queries(f"count_order_{number}"):
                say(f"run {number}: query {query_id} went to {cluster.name}: {state}")


def show_addresses(gateway, token, files):
    say(f"""
for Trino clients    {gateway.url}
                     java -jar {files.cli} --server={gateway.url}
admin pages and API  {gateway.admin_url}
health, metrics      {gateway.admin_url}/readyz  {gateway.admin_url}/metrics
token                {token} (X-Auth-Key)
                     curl -H 'X-Auth-Key: {token}' {gateway.admin_url}/api/v1/backends
log                  {gateway.log}
""")


def say(*words, **_):
    print(*words, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, TimeoutError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
