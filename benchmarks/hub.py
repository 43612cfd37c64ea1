"""The Hub's clients against our server: how fast files come and go, and what the server needs.

    python benchmarks/hub.py [--megabytes 256] [--repeat 3] [--folder /tmp]

Starts `catalog serve --no-mlflow` on an empty root, and has each step done by an unmodified client
in a process of its own with nothing cached: a large file by Xet and by LFS, both ways; the same
by plain HTTP, which is what the server alone can do; 600 small files; a dataset; a model. The file
holds random 32-bit floats, as weights do. Prints the seconds of the call without imports, in
brackets all repeats, and of the server the processor time and the peak of memory in that step.
Client and server share this machine, and the first line says how fast its disk takes such a file
from a program that does nothing else. Timings are for people to compare; no test reads them.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psutil

# A file here has the name of the catalog's package, and this folder stands first.
sys.path[:] = [one for one in sys.path if Path(one).resolve() != Path(__file__).resolve().parent]

NAMESPACE = "bench"
FILES = 600
COPIED = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done how often, and how much it moves; `%` in an argument is the repeat's number."""

    name: str
    does: str
    arguments: tuple[str, ...]
    repeat: int
    megabytes: float = 0
    xet: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, and the folder that everything of this run lies in."""

    address: str
    token: str
    process: psutil.Process
    folder: Path

    def measure(self, step: Step) -> None:
        """Have a step done by clients, each with an empty cache, and print what it took."""
        before = self._cpu()
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")
        times = [self._client(step, number) for number in range(step.repeat)]
        middle, spent = median(times), (self._cpu() - before) / step.repeat
        rate = f"{step.megabytes / middle:,.0f}" if step.megabytes else ""
        every = " ".join(f"{one:.2f}" for one in times)
        said = f"{step.name:<34} {middle:8.3f} {rate:>7} {spent:8.2f} {self._peak():8,.0f}"
        print(f"{said}  ({every})", flush=True)

    def _client(self, step: Step, number: int) -> float:
        words = [word.replace("%", str(number)) for word in step.arguments]
        with tempfile.TemporaryDirectory(dir=self.folder) as home:
            said = subprocess.run(
                [sys.executable, __file__, "--step", step.does, *words],
                env=os.environ
                | {"HF_ENDPOINT": self.address, "HF_TOKEN": self.token, "HF_HOME": home}
                | {"HF_HUB_DISABLE_XET": "" if step.xet else "1"}
                | {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONWARNINGS": "ignore"},
                capture_output=True,
                text=True,
            )
        if said.returncode:
            raise SystemExit(f"{step.name}: {said.stderr}")
        return float(said.stdout.split()[-1])

    def _cpu(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def _peak(self) -> float:
        """Return the largest resident set since it was last reset, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Start the server, have it asked, print."""
    asked = argparse.ArgumentParser(description="Measure the Hub's clients against our server.")
    asked.add_argument("--megabytes", type=int, default=256)
    asked.add_argument("--repeat", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=None, help="On which disk.")
    asked.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.step:
        print(STEPS[given.step[0]](*given.step[1:]))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, served(Path(folder)) as server:
        run(server, given.megabytes, given.repeat)


def run(server: Server, megabytes: int, repeat: int) -> None:
    """Do all steps in order; what one uploads another downloads."""
    size = megabytes * 1_000_000
    for name, first in (("Xet", 0), ("LFS", repeat), ("PUT", 2 * repeat)):
        for number in range(repeat):
            floats(server.folder / f"{name}-{number}", size, seed=first + number)
    rate = megabytes / disk(server.folder, size)
    print(f"the disk itself, {megabytes} MB written and flushed: {rate:,.0f} MB/s")
    print(f"{'':<34} {'seconds':>8} {'MB/s':>7} {'server s':>8} {'peak MB':>8}")
    for step in steps(str(server.folder), megabytes, repeat):
        server.measure(step)


def steps(folder: str, megabytes: int, repeat: int) -> Iterator[Step]:
    """Yield what is measured."""

    def step(name: str, does: str, *arguments: str, moves: float = 0, xet: bool = False) -> Step:
        return Step(
            name=name, does=does, arguments=arguments, repeat=repeat, megabytes=moves, xet=xet
        )

    for name, xet in (("Xet", True), ("LFS", False)):
        sent = f"{folder}/{name}-%", "large", f"{name}-%"
        yield step(f"upload_file, {name}", "upload", *sent, moves=megabytes, xet=xet)
        yield step(f"upload_file, {name}, unchanged", "upload", *sent, xet=xet)
        yield step(f"hf_hub_download, {name} file", "download", *sent[1:], moves=megabytes)
    yield step("plain GET", "get", "large", "LFS-%", moves=megabytes)
    yield step("plain GET of 100 MB by Range", "get", "large", "LFS-%", "100", moves=100)
    yield step("plain PUT to a signed address", "put", f"{folder}/PUT-%", "large", moves=megabytes)
    yield step(f"create_commit, {FILES} small files", "files", "small-%")
    yield step(f"snapshot_download, {FILES} files", "snapshot", "small-0")
    for name, xet in (("Xet", True), ("LFS", False)):
        yield step(f"Dataset.push_to_hub, {name}", "dataset", f"data-{name}-%", xet=xet)
        yield step(f"Model.push_to_hub, {name}", "model", f"model-{name}-%", xet=xet)
    yield step("load_dataset", "load", "data-Xet-0")
    yield step("from_pretrained", "pretrained", "model-Xet-0")


def floats(path: Path, size: int, *, seed: int) -> None:
    """Write random floats."""
    import numpy as np

    chance = np.random.default_rng(seed)
    with path.open("wb") as file:
        for start in range(0, size, 16 << 20):
            count = min(16 << 20, size - start) // 4
            file.write(chance.standard_normal(count, dtype=np.float32).tobytes())


def disk(folder: Path, size: int) -> float:
    """Return how many seconds it takes to write so many bytes and to have them on the disk."""
    block, path = os.urandom(COPIED), folder / "disk"
    begun = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(size // COPIED):
            file.write(block)
        os.fsync(file.fileno())
    took = time.perf_counter() - begun
    path.unlink()
    return took


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Serve an empty root with one token."""
    from catalog.hub.store import Store, tokens

    root = folder / "root"
    (root / "cards").mkdir(parents=True)
    with Store.open(root / "hub") as store:
        _, token = tokens.create(store, NAMESPACE, role="write", namespaces=[NAMESPACE])
    port = free_port()
    words = ["serve", "--root", str(root), "--port", str(port), "--no-mlflow"]
    process = subprocess.Popen(
        [sys.executable, "-m", "catalog", *words], start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        address = f"http://127.0.0.1:{port}"
        yield Server(address, token, psutil.Process(process.pid), folder)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def timed(work: Callable[[], object]) -> float:
    """Return how long something took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def upload(path: str, repo: str, name: str) -> float:
    """Upload a file in a commit of its own."""
    from huggingface_hub import HfApi

    api, where = HfApi(), f"{NAMESPACE}/{repo}"
    api.create_repo(where, exist_ok=True)
    return timed(lambda: api.upload_file(path_or_fileobj=path, path_in_repo=name, repo_id=where))


def download(repo: str, name: str) -> float:
    """Download a file into the empty cache."""
    from huggingface_hub import hf_hub_download

    return timed(lambda: hf_hub_download(f"{NAMESPACE}/{repo}", name))


def get(repo: str, name: str, megabytes: str = "") -> float:
    """Read a file, or its first megabytes, and throw it away."""
    held, headers = bytearray(COPIED), {"Range": f"bytes=0-{megabytes}000000"} if megabytes else {}

    def read() -> None:
        one = connected()
        one.request("GET", f"/{NAMESPACE}/{repo}/resolve/main/{name}", headers=headers)
        answer = one.getresponse()
        assert answer.status in (200, 206), answer.status
        while answer.readinto(held):
            pass

    return timed(read)


def put(path: str, repo: str) -> float:
    """Send a file to the address that a batch gives; only the sending is timed."""
    content = Path(path).read_bytes()
    one, token = connected(), {"Authorization": f"Bearer {os.environ['HF_TOKEN']}"}
    objects = [{"oid": sha256(content).hexdigest(), "size": len(content)}]
    where = f"/{NAMESPACE}/{repo}.git/info/lfs/objects/batch"
    one.request("POST", where, json.dumps({"operation": "upload", "objects": objects}), token)
    href = json.load(one.getresponse())["objects"][0]["actions"]["upload"]["href"]

    def send() -> None:
        to = connected()
        to.request("PUT", urlsplit(href).path, content)
        assert to.getresponse().status == 200

    return timed(send)


def connected() -> http.client.HTTPConnection:
    """Return a connection to the server."""
    return http.client.HTTPConnection(urlsplit(os.environ["HF_ENDPOINT"]).netloc)


def files(repo: str) -> float:
    """Commit many small files at once."""
    from huggingface_hub import CommitOperationAdd, HfApi

    api, where = HfApi(), f"{NAMESPACE}/{repo}"
    api.create_repo(where)
    made = [
        CommitOperationAdd(f"folder-{number % 20}/{number}.txt", b"%d " % number * 200)
        for number in range(FILES)
    ]
    return timed(lambda: api.create_commit(where, made, commit_message="many"))


def snapshot(repo: str) -> float:
    """Download all files of a repo into the empty cache."""
    from huggingface_hub import snapshot_download

    return timed(lambda: snapshot_download(f"{NAMESPACE}/{repo}"))


def dataset(repo: str) -> float:
    """Push a dataset of two splits to a new repo."""
    from datasets import Dataset, DatasetDict

    rows = {"prompt": [f"question {one}" for one in range(2000)], "answer": ["word " * 50] * 2000}
    made = DatasetDict({name: Dataset.from_dict(rows) for name in ("train", "test")})
    return timed(lambda: made.push_to_hub(f"{NAMESPACE}/{repo}"))


def load(repo: str) -> float:
    """Load the dataset into the empty cache."""
    from datasets import load_dataset

    return timed(lambda: load_dataset(f"{NAMESPACE}/{repo}"))


def model(repo: str) -> float:
    """Push a model of 14 MB to a new repo."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 4000}
    made = LlamaForCausalLM(LlamaConfig(**sizes, **heads))
    return timed(lambda: made.push_to_hub(f"{NAMESPACE}/{repo}"))


def pretrained(repo: str) -> float:
    """Load the model into the empty cache."""
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    assert LlamaForCausalLM, "its import is not to be timed"
    return timed(lambda: AutoModelForCausalLM.from_pretrained(f"{NAMESPACE}/{repo}"))


STEPS: dict[str, Callable[..., float]] = {
    one.__name__: one
    for one in (upload, download, get, put, files, snapshot, dataset, load, model, pretrained)
}

if __name__ == "__main__":
    main()
