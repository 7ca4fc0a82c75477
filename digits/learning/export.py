"""A trained model as files: ``.keras``, its ``.onnx`` twin and the model card."""

import hashlib
import logging
import platform
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from digits import network_file
from digits.errors import UserError, reason
from digits.files import replacing, sha256
from digits.image_format import CLASSES, SIZE
from digits.learning import probe
from digits.learning.config import Versions
from digits.learning.precision import Precision
from digits.networks import remedy
from digits.processes import available_cores

SHAPES = (None, SIZE, SIZE, 1), (None, CLASSES)  #: of input and output


def versions(precision: Precision) -> Versions:
    """What a result depends on besides recipe and data: versions, platform, cores and the precision of training."""
    import tensorflow

    return {
        "python": platform.python_version(),
        "tensorflow": tensorflow.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": available_cores(),
        "precision": precision,
    }


def save_keras(model: keras.Model, path: Path) -> None:
    """Write structure and weights, without the optimiser's state, to ``path`` (``.keras``)."""
    bare = keras.Model.from_config(model.get_config())  # uncompiled: two thirds of the file would be Adam's
    bare.set_weights(model.get_weights())
    with replacing(path) as temporary:
        bare.save(temporary)


def save_onnx(model: keras.Model, path: Path, half: bool = False) -> None:
    """Write the model's twin for use without TensorFlow to ``path`` (``.onnx``).

    Args:
        model: images in [0, 1] in, probabilities or a line's answers out.
        path: where to write.
        half: keep large weights as 16-bit floats, cast to 32 bits when the network is loaded.
    """
    _, height, width, _ = model.input_shape
    model(np.zeros((1, height, width or height, 1), np.float32))  # Keras exports only what was called once
    logging.getLogger("tf2onnx").setLevel(logging.WARNING)
    with replacing(path) as temporary:
        model.export(temporary, format="onnx", verbose=False)
        twin = onnx.load(temporary)
        _simplify_flatten(twin.graph)
        if half:
            _halve(twin.graph)
        onnx.checker.check_model(twin)
        onnx.save(twin, temporary)


def _simplify_flatten(graph: onnx.GraphProto) -> None:
    """Replace the reshaping to a computed shape that ``Flatten`` exports as, which OpenCV 4 gets wrong."""
    constants = {tensor.name for tensor in graph.initializer}
    kept: list[onnx.NodeProto] = []
    needed = {output.name for output in graph.output}
    for node in reversed(graph.node):
        if not needed.intersection(node.output):
            continue  # the computation of the shape, now unused
        if node.op_type == "Reshape" and node.input[1] not in constants:
            node = helper.make_node("Flatten", [node.input[0]], node.output, axis=1)
        needed.update(node.input)
        kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


def _halve(graph: onnx.GraphProto) -> None:
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > 4096:
            name = tensor.name
            weights = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(weights, f"{name}_half"))
            casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def load_model(path: Path, digest: str | None = None) -> keras.Model:
    """Load a ``.keras`` file, Keras's safe mode on, and check that it is one of ours by what it takes and gives.

    Keras is given nothing but a file that its card vouches for, or of which a process of its own has found that it is
    a plain network (:mod:`digits.network_file`). Allocates 1.3 GB at most.

    Args:
        path: of the file.
        digest: its SHA-256, by a card that was read before; the one that lies there now may be a later one.

    Raises:
        UserError: missing, damaged, not what its card lists, larger than 256 MB, or of another input or output.
    """
    content = network_file.read(path, "digits.learning.probe")
    if digest not in (None, hashlib.sha256(content).hexdigest()):
        raise UserError(f"{path} is not the file that {network_file.card_of(path).name} describes; {remedy(path)}")
    try:
        probe.opened(content)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            copy = Path(folder) / "network.keras"  # what was checked, whatever happens to the file meanwhile
            copy.write_bytes(content)
            del content
            model = keras.saving.load_model(copy, compile=False, safe_mode=True)
        shapes = model.input_shape, model.output_shape
        usable = shapes == SHAPES and _gives_probabilities(model)
    except Exception as error:  # a damaged archive raises whatever its reader stumbles over
        raise UserError(f"{path} cannot be loaded as a Keras model ({reason(error)}); {remedy(path)}") from error
    if shapes != SHAPES:
        raise UserError(f"{path}: expected a model of 28×28×1 to 10, got {shapes[0]} to {shapes[1]}; {remedy(path)}")
    if not usable:
        raise UserError(f"{path} does not return ten probabilities for a 28×28 image; {remedy(path)}")
    return model


def _gives_probabilities(model: keras.Model) -> bool:
    """Whether all weights are numbers, and what comes out for some images are probabilities."""
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        return False
    given = np.random.default_rng(0).random((2, SIZE, SIZE, 1), np.float32)
    rows = np.asarray(model(given, training=False))
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3))  # of NaN neither is true


def file_digests(*paths: Path) -> dict[str, str]:
    """SHA-256 by file name, by which a model card knows its files."""
    return {path.name: sha256(path) for path in paths}
