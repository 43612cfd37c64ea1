"""Judges: a model folder on this machine, or a server that speaks OpenAI's chat completions.

Both answer greedily. A judge's identity is what its answers depend on; where a server runs is no
part of it, what it calls its model is. A server's key comes from the environment, goes to that
server only, and never into a message or a file.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from registry import checkpoints, decoding, devices, hypernetwork, rendering, virtual
from registry.canonical import Message
from registry.errors import RegistryError
from registry.hashing import digest, hash_file

RETRIED = (408, 409, 425, 429, 500, 502, 503, 504, 529)
LONGEST_WAIT = 60.0
LARGEST_REPLY = 1 << 24


@dataclass(frozen=True, slots=True)
class Judge:
    """What answers prompts: `answers` yields places and completions, in any order."""

    identity: Mapping[str, Any]
    answers: Callable[[Sequence[str]], Iterator[tuple[int, str]]] = field(repr=False)


def local(
    folder: Path, *, max_new_tokens: int = 256, device: str = "auto", progress: bool = False
) -> Judge:
    """Return the model of a folder as a judge.

    A prompt that is longer than the model's positions gets an empty completion, which holds no
    verdict: one long answer must not end the evaluation of a thousand.
    """
    place = devices.choose(device)
    dtype = devices.compute_dtype(place, "auto")
    if hypernetwork.tensors_of(folder):
        raise RegistryError(f"{folder}: a model with a hypernetwork cannot judge; use another")
    model, tokenizer = checkpoints.open_model(folder, place, dtype)
    start = virtual.read(folder / checkpoints.ADAPTER, model)
    most = getattr(model.config, "max_position_embeddings", None)

    def answers(prompts: Sequence[str]) -> Iterator[tuple[int, str]]:
        short = []
        for at, prompt in enumerate(prompts):
            tokens = rendering.prompt(tokenizer, [Message("user", prompt)])
            if most is not None and len(tokens) + max_new_tokens > most:
                yield at, ""
            else:
                short.append(decoding.Prompt(str(at), tokens))
        budget = decoding.BATCH_TOKENS[place.type]
        for one in decoding.answer(
            model,
            tokenizer,
            short,
            max_new_tokens=max_new_tokens,
            batch_tokens=budget,
            start=start,
            progress=progress,
        ):
            yield int(one.id), one.text

    weights = sorted(folder.glob("*.safetensors"))
    weights += [tokens] if (tokens := virtual.tensors(folder / checkpoints.ADAPTER)) else []
    identity = {
        "model": folder.name,
        "weights": digest([hash_file(file).sha256 for file in weights]),
        "template": digest(tokenizer.chat_template),
        "max_new_tokens": max_new_tokens,
    }
    return Judge(identity, answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How a server is asked: where, as what, how patiently, how many questions at a time."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    max_new_tokens: int = 256
    timeout: float = 120.0
    attempts: int = 5
    workers: int = 4
    pause: float = 1.0


def endpoint(settings: Endpoint) -> Judge:
    """Return the model of a server as a judge; `url` is what stands before `/chat/completions`."""
    _check(settings)

    def answers(prompts: Sequence[str]) -> Iterator[tuple[int, str]]:
        with ThreadPoolExecutor(settings.workers) as pool:
            waiting = {pool.submit(_asked, settings, one): at for at, one in enumerate(prompts)}
            try:
                yield from _as_they_come(waiting)
            finally:
                _cancel(waiting)

    identity = {"model": settings.model, "max_new_tokens": settings.max_new_tokens}
    return Judge(identity, answers)


def _as_they_come(waiting: Mapping[Future[str], int]) -> Iterator[tuple[int, str]]:
    """Yield what comes; after a failure only what is under way, and then raise it."""
    failed: BaseException | None = None
    for done in as_completed(waiting):
        if done.cancelled():
            continue
        if error := done.exception():
            failed = failed or error
            _cancel(waiting)
        else:
            yield waiting[done], done.result()
    if failed:
        raise failed


def _cancel(waiting: Iterable[Future[str]]) -> None:
    for one in waiting:
        one.cancel()


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: it would carry the key to another server."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = build_opener(_NoRedirects)


def _check(settings: Endpoint) -> None:
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError(f"{settings.url}: is no http address; give one like https://host/v1")
    if parts.username or parts.password:
        raise RegistryError(f"{parts.hostname}: the address holds a password; leave it out")
    if settings.key is not None and not (settings.key.isascii() and settings.key.isprintable()):
        # Said here, because the HTTP library would quote it.
        raise RegistryError(f"{parts.hostname}: the key holds a line end or the like; set it anew")
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if settings.key and parts.scheme == "http" and not here:
        raise RegistryError(f"{settings.url}: a key would go there in the clear; use https")


def _asked(settings: Endpoint, prompt: str) -> str:
    """Ask once, and again as long as the server is only busy or out of reach."""
    said = ""
    for attempt in range(settings.attempts):
        try:
            return _completion(settings, prompt)
        except HTTPError as error:
            with error:
                said = f"{error.code} {_excerpt(settings, error)}"
                wait = _wait(settings, attempt, error.headers.get("Retry-After"))
            if error.code not in RETRIED:
                break
        except (URLError, HTTPException, OSError) as error:
            said, wait = _clean(settings, str(error)), _wait(settings, attempt, None)
        if attempt + 1 < settings.attempts:
            time.sleep(wait)
    raise RegistryError(
        f"{settings.url}: the judge does not answer ({said}); what it said so far is kept, run it"
        " again"
    )


def _completion(settings: Endpoint, prompt: str) -> str:
    body = {
        "model": settings.model,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": settings.max_new_tokens,
    }
    headers = {"Content-Type": "application/json"}
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key}"
    address = settings.url.rstrip("/") + "/chat/completions"
    request = Request(address, json.dumps(body).encode(), headers)
    with _OPENER.open(request, timeout=settings.timeout) as reply:
        raw = reply.read(LARGEST_REPLY)
        if reply.length:
            raise IncompleteRead(raw, reply.length)
    try:
        content = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise RegistryError(
            f"{settings.url}: the reply is no chat completion ({type(error).__name__}); check the"
            " address"
        ) from None
    return content if isinstance(content, str) else ""


def _wait(settings: Endpoint, attempt: int, told: str | None) -> float:
    """Return how many seconds to wait: what the server asks for, else twice as long each time."""
    if told and told.isdigit():
        return min(float(told), LONGEST_WAIT)
    return float(min(settings.pause * 2**attempt, LONGEST_WAIT))


def _excerpt(settings: Endpoint, error: HTTPError) -> str:
    try:
        text = error.read(2000).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return ""
    return _clean(settings, " ".join(text.split()))


def _clean(settings: Endpoint, text: str) -> str:
    """Return text without the key, which some servers repeat, and not too long."""
    hidden = text.replace(settings.key, "***") if settings.key else text
    return hidden[:200]
