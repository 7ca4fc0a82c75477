"""Everything that the scripts share: the contract, the two wings and the applications on top of them."""
