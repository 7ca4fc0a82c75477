"""How well pen-drawn digits and numbers are found and read, and how often junk is rejected."""
