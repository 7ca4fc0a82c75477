"""How fast networks are trained here, in plain Keras and in PyTorch, all taking turns on one machine."""
