from pathlib import Path

import pytest

from digits.learning import precision


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx512f avx512_bf16 sse2", "bfloat16"),
        ("fpu amx_bf16", "bfloat16"),
        ("fpu avx512f avx2", "float32"),
        ("fpu avx512_bf16x", "float32"),
        ("", "float32"),
    ],
)
def test_the_processors_flags_decide(
    flags: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: avx512_bf16\n")
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "cpuinfo")
    assert precision.fastest() == expected


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"flags"])
def test_where_nothing_tells_it_is_float32(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "cpuinfo")
    if content is not None:
        (tmp_path / "cpuinfo").write_bytes(content)
    assert precision.fastest() == "float32"
