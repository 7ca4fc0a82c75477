"""Applications on top of the two wings: many trainings, compared and written up. Nothing below imports them."""
