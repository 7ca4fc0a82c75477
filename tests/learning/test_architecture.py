from collections import Counter
from importlib import import_module

import pytest

from digits.learning import architecture


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("ANN", {"input": 1, "dense": 2, "output": 1}),
        ("CNN", {"input": 1, "convolution": 6, "pooling": 3, "dense": 1, "output": 1}),
        ("VGG16", {"input": 1, "convolution": 13, "pooling": 5, "dense": 2, "output": 1}),
        ("ResNet", {"input": 1, "convolution": 8, "pooling": 3, "shortcut": 2, "output": 1}),
    ],
)
def test_blocks_are_the_layers_that_a_reader_needs(name: str, counts: dict[str, int]) -> None:
    model = import_module(name).build_model()
    blocks = architecture.blocks(model)
    assert Counter(kind for kind, *_ in blocks) == counts
    assert blocks[0] == ("input", "pixels", "28×28×1")
    assert blocks[-1] == ("output", "dense\n10", "10")
    assert "batch normalisation" in architecture.caption(model)
