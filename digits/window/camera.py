"""A still picture from the camera. No widgets, and OpenCV's cameras only once a picture is taken."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason

LIMIT = 10.0  #: seconds for a picture
SETTLING = 0.7  #: seconds in which a camera adjusts to the light; its pictures of them are not used
WIDTH, HEIGHT = 1920, 1080  #: asked for; a camera gives the nearest that it has
LARGEST = 50_000_000  #: most pixels of a picture
DARKEST = 8  #: a picture without any brighter value is of a covered camera

_using = threading.Lock()  #: a camera that does not answer is waited for by one thread at most


def still(number: int = 0, limit: float = LIMIT) -> NDArray[np.uint8]:
    """Take a picture.

    May be called by any thread. A camera that does not answer in time is left to a thread of its own, which ends with
    the process.

    Args:
        number: of the camera, 0 for the first.
        limit: seconds.

    Returns:
        ``uint8``, shape (height, width, 3), RGB.

    Raises:
        UserError: there is no camera, it is used by another program, or it gives no picture in time.
    """
    if not _using.acquire(blocking=False):
        raise UserError("The camera has not answered yet; wait, or plug it in again")
    answers: queue.SimpleQueue[NDArray[np.uint8] | UserError] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(_taken(number))
        except UserError as error:
            answers.put(error)
        except Exception as error:
            answers.put(UserError(f"The camera gives no picture ({reason(error)}); plug it in again, or open a file"))
        finally:
            _using.release()

    threading.Thread(target=work, daemon=True, name="camera").start()
    try:
        answer = answers.get(timeout=limit)
    except queue.Empty as error:
        raise UserError(f"The camera gives no picture within {limit:g} s; plug it in again, or open a file") from error
    if isinstance(answer, UserError):
        raise answer
    return answer


def _taken(number: int) -> NDArray[np.uint8]:
    """The last picture of the time in which the camera adjusts to the light."""
    import cv2

    with _silent():
        camera = cv2.VideoCapture(number)
        try:
            if not camera.isOpened():
                raise UserError("No camera was found; connect one, close other programs that use it, or open a file")
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
            start = time.monotonic()
            while True:
                given, picture = camera.read()
                if not given or time.monotonic() >= start + SETTLING:
                    break
        finally:
            camera.release()
    if not given:
        raise UserError("The camera gives no picture; plug it in again, or open a file")
    return _checked(picture)


def _checked(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """OpenCV's picture as RGB."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not 0 < picture.size <= 3 * LARGEST:
        raise UserError(f"The camera gives {picture.dtype} of shape {picture.shape}, which is no picture; open a file")
    if picture.max() < DARKEST:
        raise UserError("The camera's picture is black; uncover it, or let this program use it, and try again")
    return np.ascontiguousarray(picture[..., ::-1])


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what OpenCV logs about cameras, such as that there is none, off standard error."""
    import cv2

    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
