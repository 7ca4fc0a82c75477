"""The networks by name: each is a folder at the top level with a ``build_model()``, and files in models/."""

#: The three that the mission names: one recipe for all, trained where none is named, and they vote together in
#: plots/recommendation.md.
CORE = ("ANN", "CNN", "VGG16")

#: All of them. A further network is one new folder and one more name here.
MODELS = (*CORE, "ResNet")

#: The one that reads what people draw best of them (plots/pen_digits.md); used where none is chosen.
DEFAULT = "ResNet"
