"""The networks by name: each is a folder at the top level with a ``build_model()``, and files in models/."""

#: Trained only on MNIST, all with one recipe: those that are trained if no network is named, and that vote together.
CORE = ("ANN", "CNN", "VGG16")

#: All networks. A further one is one new folder and one more name here.
MODELS = (*CORE, "ResNet")

#: The network that reads people's drawings best (plots/pen_digits.md); used unless another is chosen.
DEFAULT = "ResNet"
