"""The learning wing: data to trained, evaluated, plotted and saved networks. Needs TensorFlow."""
