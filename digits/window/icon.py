"""The program's icon: a handwritten 7 on a rounded square. No Tk: the stand-alone program is built with it, too."""

from PIL import Image, ImageDraw

from digits.reading.ink import Stroke, rasterise
from digits.window.palette import LIGHT

SIDE = 128  #: pixels of the drawing


def icon_image(side: int = SIDE) -> Image.Image:
    """The icon as an RGBA image of ``side`` × ``side`` pixels, transparent around the square."""
    scale = side / SIDE
    image = Image.new("RGBA", (side, side))
    corners = (4 * scale, 4 * scale, 124 * scale - 1, 124 * scale - 1)
    ImageDraw.Draw(image).rounded_rectangle(corners, 30 * scale, fill=LIGHT.accent)
    points = ((40, 38), (88, 36), (60, 94))
    seven = Stroke(tuple((x * scale, y * scale) for x, y in points), 14 * scale)
    image.paste((255, 255, 255), mask=Image.fromarray(rasterise([seven], side, side)))
    return image
