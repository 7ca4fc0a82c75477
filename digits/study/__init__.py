"""Applications on top of the two wings: many training runs, compared and written up. Nothing below imports them."""
