"""How well numbers are read from photographs and scans of pages, by what makes them hard."""
