"""The reading wing: strokes or photographs in, digits out. OpenCV, NumPy and Pillow; no TensorFlow, no Tk."""
