"""Pictures from a camera, which is a stand-in."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from digits.errors import UserError
from digits.window import camera

ROOT = Path(__file__).resolve().parents[2]
BGR = np.full((4, 6, 3), (10, 20, 30), np.uint8)


class Camera:
    """Stands in for OpenCV's: gives ``picture``, brighter each time, or waits for ``answering``."""

    picture: object = BGR
    is_there = True
    answering = threading.Event()
    opened: list["Camera"]

    def __init__(self, number: int) -> None:
        self.number, self.reads, self.released = number, 0, False
        type(self).opened.append(self)
        type(self).answering.wait(20)

    def isOpened(self) -> bool:
        return self.is_there

    def set(self, option: int, value: float) -> bool:
        return True

    def read(self) -> tuple[bool, object]:
        self.reads += 1
        time.sleep(0.002)
        picture = self.picture
        return picture is not None, picture + self.reads if picture is BGR else picture  # type: ignore[operator]

    def release(self) -> None:
        self.released = True


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[Camera]:
    class Own(Camera):
        answering = threading.Event()
        opened: list[Camera] = []  # noqa: RUF012 - of this test

    Own.answering.set()
    monkeypatch.setattr(cv2, "VideoCapture", Own)
    monkeypatch.setattr(camera, "SETTLING", 0.02)
    return Own


def test_the_last_picture_is_taken_once_the_camera_has_settled(stand_in: type[Camera]) -> None:
    rgb = camera.still(2)
    opened = stand_in.opened[0]
    assert opened.number == 2 and opened.released and opened.reads > 2
    assert rgb.dtype == np.uint8 and rgb.shape == (4, 6, 3) and rgb.flags.c_contiguous
    assert rgb[0, 0].tolist() == [30 + opened.reads, 20 + opened.reads, 10 + opened.reads]


def test_without_a_camera_it_says_so(stand_in: type[Camera]) -> None:
    stand_in.is_there = False
    with pytest.raises(UserError, match=r"^No camera was found; connect one"):
        camera.still()
    assert stand_in.opened[0].released


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (None, "gives no picture; plug it in again"),
        (np.zeros((4, 6, 3), np.uint8), "picture is black; uncover it"),
        (np.full((4, 6), 99, np.uint8), r"shape \(4, 6\), which is no picture"),
        (np.full((4, 6, 3), 99, np.uint16), "uint16 of shape"),
        (np.zeros((0, 6, 3), np.uint8), "which is no picture"),
        ("no array", "gives no picture"),
    ],
)
def test_what_is_no_picture_is_one_line(stand_in: type[Camera], picture: object, message: str) -> None:
    stand_in.picture = picture
    with pytest.raises(UserError, match=message) as error:
        camera.still()
    assert "\n" not in str(error.value)


def test_a_camera_that_does_not_answer_is_not_waited_for(stand_in: type[Camera]) -> None:
    stand_in.answering.clear()
    start = time.monotonic()
    with pytest.raises(UserError, match=r"no picture within 0\.1 s"):
        camera.still(limit=0.1)
    with pytest.raises(UserError, match="has not answered yet"):
        camera.still()
    assert time.monotonic() < start + 5
    assert len(stand_in.opened) == 1
    stand_in.answering.set()
    for thread in threading.enumerate():
        if thread.name == "camera":
            thread.join(10)
    assert camera.still().shape == (4, 6, 3)


def test_opencv_is_silent_and_loaded_only_for_a_picture() -> None:
    code = (
        "import sys; from digits.window import camera; assert 'cv2' not in sys.modules\n"
        "try: camera.still(97)\n"
        "except camera.UserError as error: print(error)\n"
        "import cv2; assert cv2.utils.logging.getLogLevel() > 0"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.startswith("No camera was found")
