"""What Help ▸ About says."""

import digits

NAME = "Handwritten digits"


def about() -> str:
    """The program's name and version, what it is and its licence: paragraphs, with an empty line between two."""
    return f"""{NAME} {digits.__version__}

Draw digits, or open a photograph, and \
see them recognised by neural networks that run on this computer. Nothing leaves it.

MIT licence. Free software, without any warranty.

Handwriting: MNIST (LeCun, Cortes, Burges); UCI pen-based digits (Alimoglu & Alpaydin 1996) and UNIPEN (International \
Unipen Foundation 1999), both CC BY 4.0."""
