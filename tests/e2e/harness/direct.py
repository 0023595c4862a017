"""Trino's client protocol in its plainest form, for questions to a server itself and for tests that
look at single answers."""

import requests

USER = {"X-Trino-User": "test"}


class QueryFailed(ValueError):
    """The server's answer holds an error."""


def submit(url, sql, headers=None):
    """The answer to POST /v1/statement, whatever its status."""
    return requests.post(f"{url}/v1/statement", data=sql.encode(), headers={**USER, **(headers or {})},
                         timeout=60)


def follow(page):
    """All pages of a query from `page` on, by its nextUri."""
    while True:
        yield page
        if "nextUri" not in page:
            return
        answer = requests.get(page["nextUri"], headers=USER, timeout=60)
        answer.raise_for_status()
        page = answer.json()


def heads(answer):
    """The headers of all pages of a query, from the answer to its submission on."""
    yield answer.headers
    while "nextUri" in answer.json():
        answer = requests.get(answer.json()["nextUri"], headers=USER, timeout=60)
        answer.raise_for_status()
        yield answer.headers


def rows(url, sql, headers=None):
    """All rows of a query."""
    answer = submit(url, sql, headers)
    answer.raise_for_status()
    result = []
    for page in follow(answer.json()):
        if "error" in page:
            raise QueryFailed(page["error"]["message"])
        result += page.get("data", [])
    return result


def get(url, **options):
    """The answer to a GET as a user, redirects not followed."""
    return requests.get(url, headers=USER, allow_redirects=False, timeout=60, **options)


def delete(url):
    """A DELETE as a user."""
    return requests.delete(url, headers=USER, timeout=60)
