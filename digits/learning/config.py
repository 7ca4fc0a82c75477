"""Recipes: everything that decides a training run, and the numbers that the results are compared with."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypedDict

from digits import crop, image_format, line_image
from digits.learning.json_types import Line, Size
from digits.learning.precision import Precision

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

#: Names of the two datasets that are recognised by their content, as tables and plots show them.
MNIST, UCI = "MNIST", "UCI digits"

#: Test accuracy in the blog post that this project re-implements, with n = 10,000.
POST_ACCURACY = {"ANN": 0.954, "CNN": 0.9878, "VGG16": 0.9907}


@dataclass(frozen=True)
class Affine:
    """Largest amounts, to either side, of the affine distortion that every training image undergoes.

    Attributes:
        rotation: degrees.
        shear: pixels per row.
        stretch: of width and height independently, as a fraction.
        shift: along x and y, pixels of the 28×28 image.
    """

    rotation: float = 8.0
    shear: float = 0.08
    stretch: float = 0.08
    shift: float = 1.0


@dataclass(frozen=True)
class Restyle:
    """How training images are given other people's strokes (:mod:`digits.learning.augmentation.restyle`).

    Attributes:
        share: fraction of the training images that are restyled, in [0, 1].
        flag, foot: probability that a 1 gets a flag, a foot.
        bar, serif: probability that a 7 gets a bar across its stem, a serif where the pen starts.
        hook: probability that the foot of a 9 curls.
        short_stem: probability that the right stem of a 4 is shortened.
        gap: probability that any digit gets a small gap.
        rotation: largest rotation to either side, degrees.
        shear: largest shear to either side, pixels per row.
        aspect: largest logarithm of the ratio of width to height, to either side.
        bend: largest shift at the image's edge, growing with the square of the distance from the centre,
            as a fraction of the image's side.
        elastic: standard deviation of the elastic displacement (Simard et al. 2003), pixels of the 28×28 image.
        grid: points of the elastic displacement field along each side.
        lean: shear up to which a 1 with a flag may be made to lean to the right.
        min_width, max_width: range of the stroke width in the crop, pixels; recognition uses 1.3.
        zoom: the working size is this many times 28 pixels.
        ink: brighter pixels of the working image are ink, 0 to 255.
    """

    share: float = 0.07
    flag: float = 0.75
    foot: float = 0.25
    bar: float = 0.6
    serif: float = 0.2
    hook: float = 0.7
    short_stem: float = 0.2
    gap: float = 0.02
    rotation: float = 12.0
    shear: float = 0.25
    aspect: float = 0.25
    bend: float = 0.025
    elastic: float = 0.35
    grid: int = 5
    lean: float = 0.7
    min_width: float = 1.2
    max_width: float = 1.45
    zoom: int = 2
    ink: int = 110


@dataclass(frozen=True)
class Written:
    """How strokes of other people's handwriting (:mod:`digits.learning.handwriting`) become training examples.

    Attributes:
        share: fraction of the training images that are drawn from strokes in place of an image of the dataset, in
            [0, 1]; 0 needs no handwriting.
        rotation: largest rotation to either side, degrees.
        shear: largest shear to either side, as a fraction of the height.
        aspect: largest logarithm of the ratio of width to height, to either side.
        waves: displacements that bend the strokes, each a sine across the character.
        bend: standard deviation of the size of each, as a fraction of the character's height.
        slash: probability that a 0 is slashed.
        lean: standard deviation of the further shear of a 1, which some write as a slash, and some to the left.
        min_pen, max_pen: range of the pen's width as a fraction of the ink's longest side, drawn logarithmically.
        min_width, max_width: range of the stroke width in the crop, pixels; recognition uses 1.3.
    """

    share: float = 0.0
    rotation: float = 10.0
    shear: float = 0.25
    aspect: float = 0.2
    waves: int = 3
    bend: float = 0.012
    slash: float = 0.03
    lean: float = 0.2
    min_pen: float = 0.012
    max_pen: float = 0.26
    min_width: float = 1.2
    max_width: float = 1.45


@dataclass(frozen=True)
class Lines:
    """How lines of digits are put together to train the line network (:mod:`digits.learning.augmentation.lines`).

    Lengths are fractions of a digit's usual height, unless something else is said.

    Attributes:
        per_epoch: lines of an epoch, each made once.
        lengths: most characters of the lines of a batch; each batch has one of these, drawn.
        room: least share of the line's height that a digit takes where something larger is on the line.
        images: share of lines whose digits are the dataset's images instead of strokes.
        strangers: share of lines in which each character is by another writer.
        apart, tight, touching: shares of gaps between neighbours from ``tight_gap`` to ``widest``, within 0 to
            ``tight_gap``, and from ``overlap`` to 0; the rest is spread over all.
        widest, tight_gap, overlap: gaps.
        size: standard deviation of the logarithm of a digit's size.
        uneven: share of lines in which it is ``unequal`` instead.
        interlock: share of lines in which gaps are those of the ink row by row, instead of those of the boxes: the
            roof of a 7 may reach over its neighbour.
        up_down: standard deviation of a digit's place above or below the others.
        slant: standard deviation of the shear that a line has.
        own_slant: standard deviation of the further shear of each digit.
        rise: largest angle of a line to either side, degrees.
        signs: share of lines that have letters, signs or scribbles among their characters.
        sign: share of their characters that are.
        scribble: share of these that are scribbles.
        clutter: share of lines with an underline, a box, a ring, boxes or specks, which are no characters.
        broken: share of lines with gaps in the ink.
        min_pen, max_pen: range of the pen's width.
        edges: weight of the loss of how far digits reach, beside that of the sequence.
        middle: weight of the loss of what the column in the middle of each digit answers.
    """

    per_epoch: int = 38_400
    lengths: tuple[int, ...] = (1, 2, 3, 5, 9)
    room: float = 0.5
    images: float = 0.35
    strangers: float = 0.15
    apart: float = 0.35
    tight: float = 0.25
    touching: float = 0.3
    widest: float = 0.5
    tight_gap: float = 0.06
    overlap: float = 0.17
    size: float = 0.08
    uneven: float = 0.2
    unequal: float = 0.3
    interlock: float = 0.25
    up_down: float = 0.05
    slant: float = 0.15
    own_slant: float = 0.1
    rise: float = 4.0
    signs: float = 0.32
    sign: float = 0.5
    scribble: float = 0.45
    clutter: float = 0.2
    broken: float = 0.08
    min_pen: float = 0.012
    max_pen: float = 0.26
    edges: float = 0.5
    middle: float = 0.2


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run apart from the network and the data.

    The defaults are the recipe of the three core networks, with which the published results were obtained.

    Attributes:
        epochs: passes over the training images, at least 1.
        batch_size: images per step, at least 1.
        learning_rate: Adam's, the same for every weight, above 0.
        seed: of the initial weights, the order of the images, dropout and augmentation.
        schedule: "constant", or "one cycle": up to the learning rate in the first tenth of all steps, then
            down to zero along a cosine (Loshchilov & Hutter 2017).
        average: momentum of the running mean of the weights that is kept as the trained network (Polyak & Juditsky
            1992); 0 keeps the last step's weights. It does not change the training steps, and is brought up to date
            after each execution, as if all of its steps had ended where the last one did.
        execution: images of one execution of TensorFlow's graph, which takes as many steps as that makes batches. The
            default is not part of the identity: what was made when each step was an execution is equivalent.
        statistics_batches: training batches from which batch normalisation's statistics are taken for averaged
            weights; at most one epoch's.
        affine: the distortion of every training image.
        restyle: the restyling of a share of them.
        written: how handwriting takes part; not part of the identity where none does.
        lines: how lines are put together, for the line network; None for all others, and not part of their identity.
        version: of the training code itself. Raise it whenever a change of the code, rather than of a value above,
            changes the result of a training run.
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-5
    seed: int = 0
    schedule: str = "constant"
    average: float = 0.999
    execution: int = 640
    statistics_batches: int = 200
    affine: Affine = field(default_factory=Affine)
    restyle: Restyle = field(default_factory=Restyle)
    written: Written = field(default_factory=Written)
    lines: Lines | None = None
    version: int = 1

    @property
    def needs_handwriting(self) -> bool:
        """Whether other people's strokes are needed to train with it."""
        return self.written.share > 0 or self.lines is not None

    def identity(self) -> dict[str, Any]:
        """Everything above, and what the shared crop adds to it, as JSON's types.

        Two runs of one network on the same data are equivalent only if this is equal. Model cards, unfinished
        runs and the study's cells carry it.
        """
        shared = {"box": image_format.BOX, "work": crop.WORK, "ink": crop.INK, "margin": crop.MARGIN}
        value = {"optimizer": "Adam", **asdict(self), "crop": shared}
        if self.execution == Recipe.execution:
            del value["execution"]
        if not self.needs_handwriting:
            del value["written"]
        if self.lines is None:
            del value["lines"]
        else:
            value["line"] = {
                "ink height": line_image.INK_HEIGHT,
                "pen": line_image.PEN,
                "margin": line_image.MARGIN,
                "finer": line_image.FINER,
                "flattest": line_image.FLATTEST,
            }
        copy: dict[str, Any] = json.loads(json.dumps(value))
        return copy

    def __str__(self) -> str:
        cycle = "" if self.schedule == "constant" else f" ({self.schedule})"
        return (
            f"Adam, learning rate {self.learning_rate:g}{cycle}, {self.epochs} epochs, "
            f"batch size {self.batch_size}, seed {self.seed}"
        )


#: The recipe of the three core networks on MNIST; also of every network without a recipe of its own.
MNIST_RECIPE = Recipe()

#: Networks with a recipe of their own on MNIST.
OWN_RECIPES = {
    "ResNet": Recipe(
        epochs=24,
        batch_size=64,
        learning_rate=2e-3,
        schedule="one cycle",
        average=0.0,
        written=Written(share=0.4),
    ),
    "LineNet": Recipe(
        epochs=30, batch_size=64, learning_rate=4e-3, schedule="one cycle", average=0.0, execution=64, lines=Lines()
    ),
}

#: For the 1,078 training images of the embedded digits, on which the core recipe would take 170 steps and learn
#: nothing.
UCI_RECIPE = Recipe(epochs=8, batch_size=16, learning_rate=1e-4, average=0.0, restyle=Restyle(share=0.0))


def recipe_for(network: str, dataset: str) -> Recipe:
    """The recipe that a network is trained with on a dataset unless options change it."""
    own = OWN_RECIPES.get(network, MNIST_RECIPE)
    return UCI_RECIPE if dataset == UCI and own.lines is None else own  # there are as many lines with any dataset


def digest(changed: Mapping[str, float]) -> str:
    """Eight hexadecimal digits that stand for the changes made to the recipes."""
    return hashlib.sha256(json.dumps(dict(changed), sort_keys=True).encode()).hexdigest()[:8]


class _Versions(TypedDict):
    python: Line
    tensorflow: Line
    keras: Line
    numpy: Line
    platform: Line
    cores: Size


class Versions(_Versions, total=False):
    """What a result depends on besides recipe and data; without ``precision`` it is float32's."""

    precision: Precision
