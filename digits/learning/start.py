"""Importing Keras the way this project uses it: on TensorFlow, on the CPU, quietly."""

import contextlib
import logging
import os
import tempfile

import cv2


def start_keras() -> None:
    """Import TensorFlow and Keras.

    Training is on the CPU, the same everywhere. TensorFlow writes to standard error while it is
    imported, whatever its log level, so that is caught at the file descriptor; an import that
    fails raises as usual.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    standard_error = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice about retracing
    import keras  # noqa: F401


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
