"""Names that repos, refs and files may have; everything else is refused.

A path has to be possible on every system that may download it, because a client turns it into a
file name: what only Windows or macOS trips over is refused here as well.
"""

import re
import unicodedata
from collections.abc import Iterable

from catalog.hub.store.errors import Refused

TYPES = ("models", "datasets")
MAIN = "refs/heads/main"

_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_ADDRESSES = """
api benchmarks cards cas compare datasets kernels leaderboards lfs lineage mixtures mlflow models
papers plots recipes resolve spaces static table6 xet
"""
_RESERVED_SPACES = frozenset(_ADDRESSES.split())
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?")
_RESERVED = frozenset((".git", ".cache", "git~1"))
_PUNCTUATION = frozenset('\\:<>"|?*')
_DECEIVING = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PULL = re.compile(r"refs/pr/[1-9][0-9]{0,8}")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")

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


def repo(type: str, id: str) -> tuple[str, str]:
    """Return a repo's namespace and name.

    >>> repo("datasets", "team/songs")
    ('team', 'songs')
    """
    if type not in TYPES:
        raise Refused(f"{type!r}: is no type of repo; there are {' and '.join(TYPES)}")
    namespace, slash, name = id.partition("/")
    if not slash:
        raise Refused(f"{id!r}: has no namespace; write it as namespace/name")
    for part in (namespace, name):
        if not _PART.fullmatch(part) or "--" in part or ".." in part or _DEVICE.fullmatch(part.lower()):
            raise Refused(
                f"{id!r}: {part!r} may hold letters, digits, '-', '_' and '.' only, up to 96, "
                "with a letter or digit at both ends and no '--' or '..'"
            )
    if namespace.casefold() in _RESERVED_SPACES:
        raise Refused(f"{id!r}: the namespace {namespace!r} is an address of the server")
    if name.casefold().endswith((".git", ".ipynb", ".lock")):
        raise Refused(f"{id!r}: a name cannot end so; clients would take it for something else")
    return namespace, name


def fold(text: str) -> str:
    """Return what two names share when some file system takes them for the same.

    >>> fold("Stra\\u00dfe") == fold("STRASSE") and fold("e\\u0301") == fold("\\u00c9")
    True
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", text).casefold()
    seen = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", seen).casefold())


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
        why = _wrong(part)
        if why:
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


def ref(text: str) -> str:
    """Return the name of a branch or tag, by git's rules and ours.

    What reads as a commit's id or begins with `refs/` would be ambiguous.

    >>> ref("v1.0")
    'v1.0'
    """
    bad = (
        not 0 < len(text.encode("utf-8", "replace")) <= 250
        or _BAD_REF.search(text)
        or text.startswith((".", "-", "/", "refs/"))
        or text.endswith((".", "/"))
        or text in ("@", "HEAD")
        or not text.isprintable()
        or is_commit(text)
    )
    if bad:
        raise Refused(f"{text[:200]!r}: cannot name a branch or tag; try letters, digits, '-', '.'")
    return text


def is_commit(text: str) -> bool:
    """Say whether a text is a commit's whole id."""
    return bool(_COMMIT.fullmatch(text))


def is_pull(text: str) -> bool:
    """Say whether a text is the ref of a pull request."""
    return bool(_PULL.fullmatch(text))


def storable(text: str) -> bool:
    """Say whether every database can hold a text, or look for it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def is_sha256(text: str) -> bool:
    """Say whether a text is a sha256 in hexadecimal."""
    return bool(_SHA256.fullmatch(text))


def sha256(text: str) -> str:
    """Return a sha256 in hexadecimal, refusing everything else; disk paths are made of it."""
    if not is_sha256(text):
        raise Refused(f"{text[:80]!r}: is no sha256; write 64 hexadecimal digits in lower case")
    return text


def risky(text: str) -> bool:
    """Say whether a file of this name runs code when it is opened as people usually do.

    >>> risky("a/Model.PKL"), risky("model.safetensors"), risky("data.pkl.gz")
    (True, False, True)
    """
    name = fold(text.rpartition("/")[2])
    _, *endings = name.split(".")
    while endings and endings[-1] in _PACKED:
        endings.pop()
    return bool(endings) and endings[-1] in RISKY


def collision(wanted: Iterable[str], there: Iterable[str]) -> tuple[str, str] | None:
    """Return one of the wanted names with another in the same folder that looks the same to some.

    >>> collision(["b", "A"], ["A", "a", "b"])
    ('A', 'a')
    """
    spelt: dict[str, list[str]] = {}
    for name in there:
        spelt.setdefault(fold(name), []).append(name)
    for name in wanted:
        for other in spelt.get(fold(name), ()):
            if other != name:
                return name, other
    return None
