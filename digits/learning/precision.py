"""The precision in which networks are trained: bfloat16 where the processor computes with it, else float32.

bfloat16 is a float32 without the lower half of its bits (Kalamkar et al. 2019, *A Study of BFLOAT16 for Deep Learning
Training*). Convolutions and dense layers compute with it; weights, the optimiser's state, batch normalisation's
statistics, softmax and loss are float32, and what is saved is a float32 network.
"""

from pathlib import Path
from typing import Literal

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
FLAGS = frozenset({"avx512_bf16", "amx_bf16"})  #: of processors that multiply bfloat16 faster than float32
CPUINFO = Path("/proc/cpuinfo")


def has_bfloat16() -> bool:
    """Whether this processor computes with bfloat16; False where there is no such file to tell (not Linux)."""
    try:
        with open(CPUINFO, encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return False
    return not FLAGS.isdisjoint(flags.split())


def fastest() -> Precision:
    """The precision in which this processor trains fastest."""
    return "bfloat16" if has_bfloat16() else "float32"
