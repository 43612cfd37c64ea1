import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.hub.api.raw import MOST, Need, Route, Table, Undecodable, of_pages, segments, unquoted


def endpoint() -> None: ...


TABLE = Table(
    (
        Route("GET", "/api/{kind}/tree/{rev}", endpoint, Need.READ),
        Route("GET", "/api/{kind}/tree/{rev}/{path*}", endpoint, Need.READ),
        Route("PUT", "/api/{kind}/tree/{rev}", endpoint, Need.WRITE),
        *of_pages("POST", ".git/info/lfs", endpoint, Need.WRITE),
    )
)


def find(path: str, method: str = "GET") -> dict[str, str] | set[str]:
    found = TABLE.find(method, segments({"raw_path": path.encode()}))
    return found if isinstance(found, set) else found[1]


def test_a_revision_with_slashes_is_one_segment() -> None:
    assert find("/api/x/tree/refs%2Fpr%2F1") == {"kind": "x", "rev": "refs/pr/1"}


def test_a_path_is_the_same_with_plain_and_with_quoted_slashes() -> None:
    wanted = {"kind": "x", "rev": "main", "path": "a/b c"}
    assert find("/api/x/tree/main/a/b%20c") == find("/api/x/tree/main/a%2Fb%20c") == wanted


def test_a_segment_is_unquoted_once() -> None:
    assert find("/api/x/tree/main/%252e%252e") == {"kind": "x", "rev": "main", "path": "%2e%2e"}


def test_words_of_an_address_have_to_be_sent_plain() -> None:
    assert find("/%61pi/x/tree/main") == set()


def test_a_name_ends_before_the_suffix_of_its_segment() -> None:
    assert find("/team/m.git/info/lfs", "POST") == {"kind": "models", "ns": "team", "name": "m"}
    assert find("/datasets/team/d.git/info/lfs", "POST") == {
        "kind": "datasets",
        "ns": "team",
        "name": "d",
    }
    assert find("/team/.git/info/lfs", "POST") == set()


def test_a_path_that_is_there_for_another_method_says_which() -> None:
    assert find("/api/x/tree/main", "DELETE") == {"GET", "PUT"}


def test_the_query_is_no_part_of_the_path() -> None:
    assert segments({"raw_path": b"/api/x?a=/b"}) == ["api", "x"]


@pytest.mark.parametrize("path", ["/api/x/tree/%ff", "/api/x/tree/%ed%a0%80", "/" + "a" * MOST])
def test_what_cannot_be_decoded_is_refused(path: str) -> None:
    with pytest.raises(Undecodable):
        find(path)


@given(st.text())
def test_what_was_quoted_comes_back(text: str) -> None:
    from urllib.parse import quote

    try:
        quoted = quote(text, safe="")
    except UnicodeEncodeError:
        return
    assert unquoted(quoted) == text
