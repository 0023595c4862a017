"""Both servers, once for the whole run; each test gets one with an empty database."""

import pytest

from servers import mariadb, postgresql


@pytest.fixture(scope="session")
def servers():
    with postgresql() as first, mariadb() as second:
        yield {"postgresql": first, "mariadb": second}


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request, servers):
    chosen = servers[request.param]
    if not chosen.running():
        chosen.start()
    chosen.clear()
    return chosen
