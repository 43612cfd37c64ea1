import pytest
import torch

from registry.devices import choose, compute_dtype, describe, matmul_rate, peak_memory
from registry.errors import RegistryError

CPU = torch.device("cpu")


def test_the_cpu_is_always_there() -> None:
    assert choose("cpu") == CPU


def test_auto_finds_some_device() -> None:
    assert choose().type in ("cuda", "mps", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_asked_for_and_absent_is_refused() -> None:
    with pytest.raises(RegistryError, match="'cuda' was asked for"):
        choose("cuda")


def test_an_unknown_device_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RegistryError, match="did you mean 'cuda'"):
        choose("cudda")


def test_precision_that_is_asked_for_is_given() -> None:
    assert compute_dtype(CPU, "bf16") == torch.bfloat16
    assert compute_dtype(CPU, "fp32") == torch.float32


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_auto_multiplies_in_bf16_where_the_processor_does(
    flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {flag: True})
    assert compute_dtype(CPU, "auto") == torch.bfloat16


def test_auto_stays_in_fp32_where_bf16_is_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True})
    assert compute_dtype(CPU, "auto") == torch.float32


def test_a_description_names_device_threads_and_torch() -> None:
    said = describe(CPU)
    assert said["device"] == "cpu"
    assert said["threads"] == torch.get_num_threads()
    assert said["torch"] == torch.__version__
    assert said["name"]


def test_peak_memory_grows_with_what_is_held() -> None:
    before = peak_memory(CPU)
    held = torch.ones(before // 4)
    assert peak_memory(CPU) >= before + held.numel() * 4 // 2


def test_a_device_multiplies_at_some_rate() -> None:
    # A processor core of any age is between these.
    assert 1e8 < matmul_rate(torch.device("cpu"), torch.float32) < 1e14
