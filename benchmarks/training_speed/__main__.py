"""How fast networks are trained: here, in plain Keras, and in PyTorch, all taking turns on one machine.

    python -m benchmarks.training_speed --data mnist.npz --torch ~/torch/bin/python

Plain Keras is Keras's layers, Adam and fit(), given arrays; ours is what test.py does, which augments every image
besides and keeps a running mean of the weights. All have the same layers, batches of 32 and Adam at 0.00001. PyTorch
is in no requirements file: PYTHON is that of an environment of its own, which has torch 2.13.0. It trains in float32
and in bfloat16 (autocast, channels last), each with the default Adam and with the fused one; the fastest counts.

Writes training_speed.json and training_speed.md. Run it while nothing else is running: ratios are of the medians of
the rounds, in each of which all take a turn.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks import published
from benchmarks.training_speed import page
from benchmarks.training_speed.page import NetworkSpeed, Speed
from digits import command_line
from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning import cli, dataset
from digits.learning.config import MNIST_RECIPE
from digits.learning.precision import PRECISIONS, Precision, fastest
from digits.learning.start import start_keras
from digits.networks import CORE
from digits.publishing import exclusive, home, staging

STEPS = {"ANN": 600, "CNN": 150, "VGG16": 40}  #: of a round; of any other network as many as of VGG16
SKIPPED = 5  #: one step in so many, at the start of a round, is not timed
PEAK = 4096  #: side of the matrices whose product gives the machine's peak


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.training_speed", lambda: _work(arguments), "nothing published has changed")


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    dataset.load(options.data)  # what is wrong with it is said once
    torch_version = _torch_version(options.torch) if options.torch else {}
    start_keras()
    import keras
    import tensorflow

    precision: Precision = options.precision or fastest()
    speed: Speed = {
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "processor": _processor(),
        "versions": {"TensorFlow": tensorflow.__version__, "Keras": keras.__version__, **torch_version},
        "precision": precision,
        "rounds": options.rounds,
        "peak": {which: _peak(which) for which in PRECISIONS},
        "networks": {},
    }
    folder, name = home(options.output or published.PLOTS)
    with exclusive(folder) as writer:
        for network in options.models:
            speed["networks"][network] = _measured(network, options, precision)
            print(page.row(network, speed), flush=True)
        with staging(writer) as staged, writing(folder):
            write_json(staged.file(name, "training_speed.json"), speed)
            write_text(staged.file(name, "training_speed.md"), page.page(speed))
    print(page.page(speed), flush=True)
    return 0


def _measured(network: str, options: argparse.Namespace, precision: Precision) -> NetworkSpeed:
    """Let all take turns at training a network."""
    from digits.learning.training import steps_per_execution

    steps = STEPS.get(network, STEPS["VGG16"])
    common = {"network": network, "steps": steps, "skipped": steps // SKIPPED, "rounds": options.rounds}
    model = cli.builder(network)()
    layers = _layers(model)
    ours, keras_worker = steps_per_execution(MNIST_RECIPE), [sys.executable, "-m", f"{__package__}.keras_worker"]
    given = {**common, "data": str(options.data or ""), "precision": precision}
    commands = {
        "ours": [*keras_worker, json.dumps({**given, "how": "ours", "together": ours})],
        "plain Keras": [*keras_worker, json.dumps({**given, "how": "plain", "together": 1})],
    }
    for fused in (False, True) if options.torch else ():
        for which in PRECISIONS:
            name = f"PyTorch {which}, {'fused' if fused else 'default'} Adam"
            settings = {**common, "layers": layers, "precision": which, "fused": fused}
            settings |= {"batch_size": MNIST_RECIPE.batch_size, "learning_rate": MNIST_RECIPE.learning_rate}
            worker = [str(options.torch), str(Path(__file__).with_name("torch_worker.py"))]
            commands[name] = [*worker, json.dumps(settings)]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with ExitStack() as stack:
        turns = {name: stack.enter_context(_worker(name, command)) for name, command in commands.items()}
        for number in range(options.rounds + 1):
            for name, (ask, answers) in turns.items():
                taken = _asked(name, ask, answers)
                if number:  # the first round builds graphs and warms up
                    seconds[name].append(round(taken * 1000, 3))
    return {
        "parameters": model.count_params(),
        "flops": _flops(model) * MNIST_RECIPE.batch_size,
        "milliseconds": seconds,
    }


def _layers(model: Any) -> list[dict[str, Any]]:
    """A Keras network's layers, as torch_worker.py builds them.

    Raises:
        UserError: it has a layer that is not known there, or is no plain sequence.
    """
    found: list[dict[str, Any]] = []
    for layer in model.layers:
        kind = type(layer).__name__
        given = [] if kind == "InputLayer" else list(layer.input.shape)
        if kind == "Conv2D":
            found.append({"kind": "convolution", "size": [given[-1], layer.filters]})
        elif kind == "Dense":
            found.append({"kind": "dense", "size": [given[-1], layer.units], "bias": layer.use_bias})
        elif kind == "BatchNormalization":
            settings = {"axes": len(given), "epsilon": layer.epsilon, "momentum": layer.momentum}
            found.append({"kind": "normalisation", "size": [given[-1]], **settings})
        elif kind == "MaxPooling2D":
            found.append({"kind": "pooling", "ceil": layer.padding == "same"})
        elif kind in ("ReLU", "Flatten"):
            found.append({"kind": kind.lower()})
        elif kind not in ("InputLayer", "Rescaling"):
            raise UserError(
                f"{model.name} has a layer {kind}, which the benchmark cannot build in PyTorch; leave it out"
            )
    return found


def _flops(model: Any) -> int:
    """Floating-point operations of a training step for one image: 2 a multiplication with its addition, 3 passes."""
    products = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            places = 1
            for side in layer.output.shape[1:-1]:
                places *= side
            size = 1
            for side in kernel.shape:
                size *= side
            products += size * places
    return 6 * products


def _peak(precision: Precision) -> float:
    """The machine's rate of multiplying matrices, GFLOP/s: the best of ten products."""
    import time

    import tensorflow as tf

    kind = tf.bfloat16 if precision == "bfloat16" else tf.float32
    one = tf.cast(tf.random.normal((PEAK, PEAK)), kind)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        tf.matmul(one, one)[0, 0].numpy()
        best = min(best, time.perf_counter() - start)
    return round(2 * PEAK**3 / best / 1e9, 1)


@contextmanager
def _worker(name: str, command: list[str]) -> Iterator[tuple[IO[str], IO[str]]]:
    """A process that waits for its turns.

    Raises:
        UserError: it does not start.
    """
    with tempfile.TemporaryFile("w+") as errors:
        try:
            process = subprocess.Popen(
                command, cwd=published.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        except OSError as error:
            raise UserError(
                f"{name}: {command[0]} cannot be run ({error.strerror}); give a Python interpreter"
            ) from error
        assert process.stdin and process.stdout
        try:
            if process.stdout.readline().strip() != "ready":
                process.wait()
                errors.seek(0)
                last = " ".join((errors.read().strip().splitlines() or [f"exit code {process.returncode}"])[-1].split())
                raise UserError(f"{name}: {command[0]} failed ({last[:200]})")
            yield process.stdin, process.stdout
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def _asked(name: str, ask: IO[str], answers: IO[str]) -> float:
    """Give a process its turn; the seconds that a step took.

    Raises:
        UserError: it ended.
    """
    try:
        ask.write("\n")
        ask.flush()
        return float(answers.readline())
    except (OSError, ValueError) as error:
        raise UserError(f"{name}: the process ended in the middle of its turn; run it alone to see why") from error


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores"[:200] if names else "unknown"


def _torch_version(python: Path) -> dict[str, str]:
    """The version of PyTorch in an environment.

    Raises:
        UserError: it has none, or is none.
    """
    code = "import torch; print(torch.__version__)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"--torch {python} cannot be run; give the Python of an environment with torch") from error
    if done.returncode:
        raise UserError(f"--torch {python} has no torch; that environment needs torch 2.13.0")
    return {"PyTorch": done.stdout.strip()[:50]}


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.training_speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--models", nargs="+", choices=CORE, default=list(CORE), metavar="NAME", help=f"default: {', '.join(CORE)}")
    add("--data", type=Path, metavar="FILE", help="MNIST, as test.py takes it")
    add("--torch", type=Path, metavar="PYTHON", help="the Python of an environment with PyTorch; default: without it")
    add("--rounds", type=command_line.number(int, 1, most=100), default=5, metavar="N", help="default: 5")
    add("--precision", choices=PRECISIONS, help="of ours; default: as test.py's")
    add("--output", type=Path, metavar="DIR", help="where the results go; default: plots/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
