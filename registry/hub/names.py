"""Names that repos and files may have; everything else is refused, by client and server alike.

A path has to be possible on every system that may download it, because a client turns it into a
file name: what only Windows or macOS trips over is refused here as well.
"""

import re
import unicodedata
from collections.abc import Iterable

from registry.errors import RegistryError

_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?")
_RESERVED = frozenset((".git", ".cache", "git~1"))
_PUNCTUATION = frozenset('\\:<>"|?*')
_DECEIVING = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

MAX_PATH = 1024
MAX_PART = 255
MAX_DEPTH = 64

_ENDINGS = """
bin ckpt cloudpickle dill dll dylib exe h5 hdf5 joblib keras mar model_state nemo npz p pb pck pcl
pickle pkl pt pt2 pth ptl py pyc pyd pyo pyw pyz skops so th whl
"""
RISKY = frozenset(_ENDINGS.split())
"""Endings of files that run code when people open them as they usually do."""
_PACKED = frozenset(("br", "bz2", "gz", "lz4", "lzma", "xz", "z", "zip", "zst"))


class Refused(RegistryError):
    """A name that no repo or file may have."""


def repo(id: str) -> tuple[str, str]:
    """Return a repo's namespace and name.

    >>> repo("team/songs")
    ('team', 'songs')
    """
    namespace, slash, name = id.partition("/")
    if not slash:
        raise Refused(f"{id[:200]!r}: has no namespace; write it as namespace/name")
    for part in (namespace, name):
        is_device = _DEVICE.fullmatch(part.lower())
        if not _PART.fullmatch(part) or "--" in part or ".." in part or is_device:
            raise Refused(
                f"{id[:200]!r}: {part[:100]!r} may hold letters, digits, '-', '_' and '.' only, up"
                " to 96, with a letter or digit at both ends and no '--' or '..'"
            )
    if name.casefold().endswith((".git", ".ipynb", ".lock")):
        raise Refused(f"{id!r}: a name cannot end so; clients would take it for something else")
    return namespace, name


def path(text: str) -> str:
    """Return the path of a file in a repo, refusing what is no safe relative path.

    >>> path("data/train.parquet")
    'data/train.parquet'
    """
    shown = repr(text[:200])
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Refused(f"{shown}: is no Unicode text; name the file in UTF-8") from None
    if not 0 < size <= MAX_PATH:
        raise Refused(f"{shown}: a path has 1 to {MAX_PATH} bytes, this has {size}")
    parts = text.split("/")
    if len(parts) > MAX_DEPTH:
        raise Refused(f"{shown}: lies {len(parts)} folders deep; {MAX_DEPTH} are the most")
    for part in parts:
        if why := _wrong(part):
            raise Refused(f"{shown}: {why}; name the file otherwise")
    return text


def _wrong(part: str) -> str | None:
    """Say why one part of a path is refused."""
    folded = fold(part)
    checks = (
        (not part, "a path has no empty part and begins with no '/'"),
        (set(part) == {"."}, f"{part!r} is no name"),
        (len(part.encode()) > MAX_PART, f"a part has at most {MAX_PART} bytes"),
        (bool(_PUNCTUATION & set(part)), 'a path holds none of \\ : < > " | ? *'),
        (any(unicodedata.category(one) == "Cc" for one in part), "it holds a control character"),
        (bool(_DECEIVING & set(part)), "it holds a character that changes how text is shown"),
        (part[-1:] in (" ", "."), f"{part!r} ends in a space or dot"),
        (part[:1] == " ", f"{part!r} begins with a space"),
        (folded.rstrip(" .") in _RESERVED, f"{part!r} is reserved"),
        (bool(_DEVICE.fullmatch(folded)), f"{part!r} is a device on Windows"),
    )
    return next((why for wrong, why in checks if wrong), None)


def fold(text: str) -> str:
    r"""Return what two names share when some file system takes them for the same.

    >>> fold("Stra\u00dfe") == fold("STRASSE") and fold("e\u0301") == fold("\u00c9")
    True
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", text).casefold()
    seen = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", seen).casefold())


def paths(texts: Iterable[str]) -> list[str]:
    """Return the paths of a repo, refusing two that some file system cannot hold side by side.

    >>> paths(["a/b", "A/b"])
    Traceback (most recent call last):
    registry.hub.names.Refused: 'A/b': 'A' is the same name as 'a' on some systems; rename one
    """
    taken: dict[str, str] = {}
    folders: dict[str, str] = {}
    checked = [path(text) for text in texts]
    for text in checked:
        parts = text.split("/")
        for at in range(1, len(parts)):
            folder = "/".join(parts[:at])
            _claim(folders, folder, text)
        _claim(taken, text, text)
    for folded, text in taken.items():
        if folded in folders:
            raise Refused(f"{text!r}: is a file, and a folder of another file; rename one of them")
    return checked


def _claim(taken: dict[str, str], name: str, text: str) -> None:
    other = taken.setdefault(fold(name), name)
    if other != name:
        said = f"{name!r} is the same name as {other!r} on some systems; rename one"
        raise Refused(f"{text!r}: {said}")


def is_commit(text: str) -> bool:
    """Say whether a text is a commit's whole id."""
    return bool(_COMMIT.fullmatch(text))


def is_sha256(text: str) -> bool:
    """Say whether a text is a sha256 in lower-case hexadecimal."""
    return bool(_SHA256.fullmatch(text))


def risky(text: str) -> bool:
    """Say whether a file of this name runs code when it is opened as people usually do.

    >>> risky("a/Model.PKL"), risky("model.safetensors"), risky("data.pkl.gz")
    (True, False, True)
    """
    _, *endings = fold(text.rpartition("/")[2]).split(".")
    while endings and endings[-1] in _PACKED:
        endings.pop()
    return bool(endings) and endings[-1] in RISKY
