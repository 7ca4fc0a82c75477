"""The desktop window: it draws and shows; the computing is done by the reading wing."""

#: Added to errors that say why no window can be opened.
WITHOUT_WINDOW = "to read a file without a window: python gui_digit_recognizer.py --image FILE"
