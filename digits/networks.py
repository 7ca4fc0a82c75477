"""The networks by name: each is a folder at the top level with a ``build_model()``, and files in models/."""

#: A fourth network is one new folder and one more name here.
MODELS = ("ANN", "CNN", "VGG16")

#: The three that the mission names: they vote together in plots/recommendation.md.
MISSION = ("ANN", "CNN", "VGG16")

#: The one that reads what people draw best of them (plots/pen_digits.md); used where none is chosen.
DEFAULT = "CNN"
