from collections.abc import Iterator

import pytest
from matplotlib import pyplot


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No figure is kept alive behind the caller's back."""
    yield
    assert not pyplot.get_fignums()
