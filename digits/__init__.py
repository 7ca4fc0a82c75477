"""Everything that the scripts share: the contract, the two wings and the applications on top of them."""

__version__ = "0.1.0"  #: of the project; the only place where it is written
