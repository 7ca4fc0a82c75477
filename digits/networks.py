"""The networks by name: each is a folder at the top level with a ``build_model()``, and files in models/."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Trained only on MNIST, all with one recipe: those that are trained if no network is named, and that vote together.
CORE = ("ANN", "CNN", "VGG16")

#: All networks. A further one is one new folder and one more name here.
MODELS = (*CORE, "ResNet")

#: Reads a whole line, for all of them: it decides how many digits there are, where, and what is no digit.
LINE = "LineNet"

#: The network that is made for people's drawings; used unless another is chosen.
DEFAULT = "ResNet"


def remedy(path: Path) -> str:
    """What to do about a network's file, or its card, that is missing or damaged.

    Args:
        path: of the file; its stem is the network's name.
    """
    folder = path.absolute().parent
    command = f"python test.py --models {path.stem}" + (" --handwriting FILE …" if path.stem == LINE else "")
    if path.stem not in (*MODELS, LINE):
        return "put the right file there, or remove it"
    if folder == ROOT / "models":
        return f"make it with: {command}"
    if folder.name == "models":
        return f"make it with: {command} --output {folder.parent}, and the options of the run that made the others"
    return f"copy it from models/ in this project, or from one that {command} --output DIR has made"
