"""A site of repos to look at, and how its pages are read."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from catalog.hub.store import Store, blobs, commits, repos
from catalog.hub.store.commits import DeleteFile, Put
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who
from tests.catalog.hub.served import Hub

ANN = Who("ann", "write", ("team",))
CARD = "kind: dataset\nid: songs\ntitle: Songs of birds\nsummary: All of them.\n"
README = b"""---
language: no
license: mit
pretty_name: Songs & <b>birds</b>
---
<!-- made by a template -->
# Songs

All [birds](data/birds.txt "Birds"), [here](./card.yaml), [there](https://e.example/x) and
[not](javascript:alert(1)).

```
<!-- kept -->
```
"""
PAGES = (
    "",
    "/tree/main",
    "/tree/main/data",
    "/tree/refs%2Fpr%2F1",
    "/blob/main/README.md",
    "/blob/main/card.yaml",
    "/blob/main/config.json",
    "/commits/main",
    "/commit/{head}",
    "/discussions",
    "/discussions/1",
)


def put(
    store: Store, repo: Repo, files: Mapping[str, bytes | None], *, to: str = "main", **said: Any
) -> commits.Committed:
    """Commit files; None deletes one."""
    made: list[Any] = []
    with blobs.receiving(store, ANN.user) as batch:
        for path, content in files.items():
            if content is None:
                made.append(DeleteFile(path))
            else:
                made.append(Put(path, batch.add(content).sha256))
    said = {"title": "Change", "who": ANN} | said
    return commits.commit(store, repo, to, operations=made, **said)


def propose(
    store: Store, repo: Repo, files: Mapping[str, bytes | None], **said: Any
) -> commits.Committed:
    return put(store, repo, files, create_pr=True, **said)


def fresh(site: Hub, name: str, files: Mapping[str, bytes | None] | None = None) -> Repo:
    """Make a model repo of a test's own, with files."""
    repo = repos.create(site.store, "models", f"team/{name}", risky=True)
    if files:
        put(site.store, repo, files)
    return repos.find(site.store, "models", repo.id)


def read(site: Hub, path: str) -> str:
    answer = site.client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    assert answer.headers["content-type"] == "text/html; charset=utf-8", path
    return str(answer.text)


def hrefs(text: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*?href="([^"]*)"', text)]


def all_pages(site: Hub, home: str, start: str) -> list[str]:
    """Return the pages from `start` on, each by the link that the one before it has."""
    found, path = [], start
    while path:
        found.append(read(site, path))
        later = re.search(r'<a href="([^"]*)" rel="next"', found[-1])
        path = unescape(later[1]) if later else ""
        assert path.startswith((home, "/hub")) or not path
    return found
