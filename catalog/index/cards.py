"""Cards read from their files one by one, when somebody asks for them.

The functions of the registry take a `Registry` of mappings; these mappings hold names only, so a
hundred thousand cards cost no memory until a page needs one of them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from threading import Lock

from catalog.index.scanning import Places
from registry.cards import Card
from registry.cards.reading import read_file
from registry.cards.vocabulary import FOLDERS
from registry.index import Registry

KEPT = 256
"""How many cards stay in memory after they were read."""

Ids = Callable[[str], Iterator[str]]
Has = Callable[[str], bool]


class Files:
    """Reads cards' files and keeps those asked for last, each as its file was at that time."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, int, int], Card] = OrderedDict()

    def card(self, name: str) -> Card | None:
        """Return a card by its name, or None if its file is not there or not a card."""
        file = f"cards/{name}.yaml"
        try:
            root = self.places.of(file)
            path = root / file
            status = path.stat()
            key = (str(path), status.st_mtime_ns, status.st_size)
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            found = read_file(path, root=root).card
        except OSError:
            return None
        if found is not None:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return found


class Folder(Mapping[str, Card]):
    """The cards of one kind by id."""

    def __init__(self, folder: str, files: Files, ids: Ids, has: Has) -> None:
        self._folder, self._files, self._ids, self._has = folder, files, ids, has

    def __getitem__(self, id: str) -> Card:
        name = f"{self._folder}/{id}"
        found = self._files.card(name) if self._has(name) else None
        if found is None:
            raise KeyError(id)
        return found

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._has(f"{self._folder}/{id}")

    def __iter__(self) -> Iterator[str]:
        return self._ids(self._folder)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Paths(Mapping[str, str]):
    """The file of each card by its name, as seen from the checkout's root."""

    def __init__(self, folders: Mapping[str, Folder], places: Places) -> None:
        self._folders, self._places = folders, places

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        file = f"cards/{name}.yaml"
        root = self._places.of(file)
        if root == self._places.root:
            return file
        return (root / file).relative_to(self._places.root).as_posix()

    def __contains__(self, name: object) -> bool:
        folder, _, id = str(name).partition("/")
        return folder in self._folders and id in self._folders[folder]

    def __iter__(self) -> Iterator[str]:
        return (f"{folder}/{id}" for folder, ids in self._folders.items() for id in ids)

    def __len__(self) -> int:
        return sum(map(len, self._folders.values()))


def registry_of(files: Files, ids: Ids, has: Has) -> Registry:
    """Return a registry whose cards are read when they are asked for."""
    folders = {folder: Folder(folder, files, ids, has) for folder in FOLDERS.values()}
    paths = Paths(folders, files.places)
    return Registry(files.places.root, **folders, files=paths)  # type: ignore[arg-type]
