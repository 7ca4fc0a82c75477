import numpy as np

from digits.crop import shape_of, to_crop
from digits.reading.classifier import Classifier
from digits.reading.saliency import occlusion
from tests.reading.conftest import picture, written


def test_the_pixels_that_matter_lie_on_the_ink(cnn: Classifier) -> None:
    crop = to_crop(shape_of(picture(written("7"))))
    found = occlusion(cnn, crop, 7)
    assert found.shape == (28, 28) and found.dtype == np.float32
    assert found.min() >= -1 and 0.02 < found.max() <= 1
    y, x = divmod(int(found.argmax()), 28)
    assert crop[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].max() > 100
    assert not found[:3].any()  # far from the ink


def test_no_pixel_of_an_empty_crop_matters(cnn: Classifier) -> None:
    assert not occlusion(cnn, np.zeros((28, 28), np.uint8), 3).any()
