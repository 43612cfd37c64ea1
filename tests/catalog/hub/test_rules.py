"""What a name may be, and what front matter is, is said once for those who serve and who pull."""

import pytest

from catalog.hub.api import cards as api
from catalog.hub.store import cards as store
from catalog.hub.store import errors as served_errors
from catalog.hub.store import names as served
from registry import frontmatter
from registry.hub import names as shared
from tests.registry.hub import styles


def test_client_and_server_share_their_rules() -> None:
    for rule in ("path", "risky", "fold", "is_commit", "is_sha256"):
        assert getattr(served, rule) is getattr(shared, rule)
    assert served_errors.Refused is shared.Refused


@pytest.mark.parametrize("id", ["team/CON", "team/con", "team/NUL.txt", "Aux/x", "team/lpt1"])
def test_no_repo_is_called_like_a_device(id: str) -> None:
    with pytest.raises(shared.Refused):
        served.repo("datasets", id)


@pytest.mark.parametrize("name", styles.GOOD | styles.MODELS)
def test_a_page_that_is_pushed_is_taken_and_read_alike(name: str) -> None:
    page = (styles.GOOD | styles.MODELS)[name]
    text, parts = page.decode(), frontmatter.split(page)
    wrong = parts.unclosed or name == "wrong types"
    assert bool(api.judge(text).errors) is wrong
    assert {*store.front_matter(text)} == {*frontmatter.load(parts)}


@pytest.mark.parametrize("name", set(styles.BAD) - {"not UTF-8"})
def test_a_page_that_no_client_pushes_is_not_taken(name: str) -> None:
    assert api.judge(styles.BAD[name].decode()).errors
