"""Whole queries on a Trino that misbehaves; the client repeats what Trino's clients repeat."""

import pytest

from .queries import run_query


@pytest.fixture(scope="module")
def parts(shared_lab):
    fake = shared_lab.fake_trino("fault")
    return fake, shared_lab.gateway({"c1": fake})


@pytest.fixture
def gateway(parts):
    return parts[1]


@pytest.fixture(scope="module")
def impatient(shared_lab, parts):
    """For answers that hang. All others must come within its limits, too, so these are not very short."""
    return shared_lab.gateway({"c1": parts[0]}, timeouts={"submit_head": "5s", "response_head": "5s"})


def is_whole(query, pages=3):
    return query.error is None and [page[0][1] for page in query.pages] == list(range(pages))


def sql(tag, words):
    return f"SELECT * FROM t /* tag={tag} pages=3 queued=2 bytes=2000 {words} */"


def test_a_query_without_faults_ends_well(gateway):
    query = run_query(gateway, sql("plain", ""))
    assert is_whole(query)
    assert set(query.statuses) == {200}
    assert query.backend == "c1"


@pytest.mark.parametrize("words", ["chunked=1", "chunked=7 bytes=100000", "bytes=0",
                                   "bytes=3000000", "delay_ms=50"])
def test_a_query_of_another_shape_ends_well(gateway, words):
    assert is_whole(run_query(gateway, sql("shape", words)))


@pytest.mark.parametrize("kind", ["503", "502", "429", "reset", "close", "hang", "garbage"])
def test_a_fault_at_the_post_is_told_as_transient_and_the_repeat_succeeds(gateway, impatient, kind):
    asked = impatient if kind == "hang" else gateway
    query = run_query(asked, sql(f"post{kind}", f"fault={kind} at=post times=1"), repeats=2)
    assert query.statuses[0] == 503
    assert is_whole(query)


@pytest.mark.parametrize("where", ["queued", "page:1"])
@pytest.mark.parametrize("kind", ["503", "502", "504", "429"])
def test_a_transient_answer_to_a_poll_is_relayed_and_the_repeat_succeeds(gateway, kind, where):
    query = run_query(gateway, sql("poll", f"fault={kind} at={where} times=2"), repeats=3)
    assert query.statuses.count(int(kind)) == 2
    assert is_whole(query)


@pytest.mark.parametrize("where", ["queued", "page:0", "page:2"])
@pytest.mark.parametrize("kind", ["reset", "close"])
def test_a_poll_that_breaks_off_is_seen_as_broken_and_the_repeat_succeeds(gateway, kind, where):
    query = run_query(gateway, sql("broken", f"fault={kind} at={where} times=1 bytes=400000"),
                      repeats=2)
    assert query.broken + sum(status in (502, 503) for status in query.statuses) == 1
    assert is_whole(query)


@pytest.mark.parametrize("where", ["queued", "page:1"])
def test_a_poll_that_hangs_ends_by_the_timeout_and_the_repeat_succeeds(impatient, where):
    query = run_query(impatient, sql("hang", f"fault=hang at={where} times=1"), repeats=1)
    assert [status for status in query.statuses if status != 200] == [504]
    assert is_whole(query)


def test_a_page_that_comes_slowly_arrives_whole(gateway):
    assert is_whole(run_query(gateway, sql("slow", "fault=slow at=page:1 bps=5000")))


@pytest.mark.parametrize("where", ["queued", "page:1"])
def test_a_failed_query_shows_its_own_error(gateway, where):
    query = run_query(gateway, sql("error", f"fault=error at={where}"))
    assert query.error["message"] == "fault asked for"
    assert set(query.statuses) == {200}


@pytest.mark.parametrize("status", [400, 404, 410, 500])
def test_a_permanent_answer_to_a_poll_is_relayed(gateway, status):
    query = run_query(gateway, sql("permanent", f"fault={status} at=page:1"))
    assert query.statuses[-1] == status
    assert len(query.pages) == 1


def test_a_page_that_is_no_json_is_relayed_as_it_is(gateway):
    with pytest.raises(ValueError, match="Expecting value"):
        run_query(gateway, sql("garbage", "fault=garbage at=page:1"))


def test_queries_run_on_after_all_of_this(gateway, parts):
    assert is_whole(run_query(gateway, sql("after", "")))
    assert parts[0].stats()["name"] == "fault"
