# make demo    trains three networks on the embedded digits and reads a drawn number: about two minutes
# make gui     opens the window: draw digits and see them read
# make test    runs the test suite
# make train   repeats the published run on MNIST: about half an hour on two cores
# make lint    runs ruff and mypy
# Each sets up the environment first.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python

.PHONY: demo gui test train lint clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(RUN) test.py --dataset uci
	@echo
	@echo "A drawn number, docs/drawing.png, read by the networks in models/:"
	$(RUN) gui_digit_recognizer.py --image docs/drawing.png --model ANN
	$(RUN) gui_digit_recognizer.py --image docs/drawing.png --model CNN
	$(RUN) gui_digit_recognizer.py --image docs/drawing.png --model VGG16
	$(RUN) gui_digit_recognizer.py --image docs/drawing.png --model ResNet

gui: $(VENV)/installed
	$(RUN) gui_digit_recognizer.py

test: $(VENV)/installed-dev
	$(RUN) -m pytest -n auto --dist loadscope

train: $(VENV)/installed
	$(RUN) test.py

lint: $(VENV)/installed-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

clean:
	rm -rf $(VENV) runs .unfinished

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; ok = (3, 10) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else "Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + "; say which with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
