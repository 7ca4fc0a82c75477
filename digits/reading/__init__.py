"""The reading wing: digits from strokes and photographs, with OpenCV, NumPy and Pillow; no TensorFlow, no Tk."""
