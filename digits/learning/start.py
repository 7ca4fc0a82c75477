"""The one door to Keras: on TensorFlow, on the CPU, quietly, and as this project wants it whatever the user's settings.

A ``keras.json`` in the user's folder or a variable ``KERAS_…`` would change what is trained without a word, so neither
is read. Nothing imports Keras before :func:`start_keras` has.
"""

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator

import cv2


def start_keras() -> None:
    """Import TensorFlow and Keras: 32-bit floats, the channels last.

    Training is on the CPU, the same everywhere. TensorFlow writes to standard error while it is
    imported, whatever its log level, so that is caught at the file descriptor; an import that
    fails raises as usual.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import digits.learning.plots  # noqa: F401 - Keras imports matplotlib, which is to go through its door first

    with _without_settings():
        standard_error = os.dup(2)
        with tempfile.TemporaryFile() as notes:
            os.dup2(notes.fileno(), 2)
            try:
                import tensorflow  # noqa: F401
            finally:
                os.dup2(standard_error, 2)
                os.close(standard_error)
        logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice about retracing
        import keras
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


@contextlib.contextmanager
def _without_settings() -> Iterator[None]:
    """Let Keras find neither settings in the environment nor a ``keras.json``, which could also be a pipe."""
    given = {name: value for name, value in os.environ.items() if name.startswith("KERAS_")}
    with tempfile.TemporaryDirectory() as empty:
        try:
            for name in given:
                del os.environ[name]
            os.environ |= {"KERAS_HOME": empty, "KERAS_BACKEND": "tensorflow"}
            yield
        finally:
            del os.environ["KERAS_HOME"]
            os.environ |= {**given, "KERAS_BACKEND": "tensorflow"}


def use_one_thread() -> None:
    """Restrict OpenCV and TensorFlow to one core in this process; only before TensorFlow has computed anything."""
    import tensorflow as tf

    cv2.setNumThreads(1)
    with contextlib.suppress(RuntimeError):  # TensorFlow has computed in this process already
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def forget_networks() -> None:
    """Let go of what Keras keeps of the networks built so far, names and random state included."""
    import keras

    keras.utils.clear_session()
