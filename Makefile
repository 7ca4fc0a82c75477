# make demo    trains three networks on the embedded digits and reads a drawn number: about two minutes
# make gui     opens the window: draw digits and see them read
# make test    runs the test suite
# make app     builds the stand-alone window in dist/, with its networks and without TensorFlow
# make test-app  builds it, starts it where there is no Python, and prints its size and how soon it can be seen
# make train   repeats the published run on MNIST: about half an hour on two cores
# make lint    runs ruff and mypy
# make lock    makes requirements*.txt, which pip installs, of requirements*.in; UPGRADE=--upgrade takes newer releases of
#              what is not named there, UPGRADE='--upgrade-package NAME' of one
# Each sets up the environment first.
PYTHON ?= python3
VENV ?= .venv
UPGRADE ?=
RUN = $(VENV)/bin/python
# What pip downloads must have one of the hashes listed. Nothing is built (--only-binary in the files), since that would
# download more.
INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes
LOCK = $(VENV)/bin/uv pip compile --quiet --no-config --universal --python-version 3.10 --generate-hashes \
	--only-binary :all: --emit-build-options --custom-compile-command "make lock" $(UPGRADE)

.PHONY: demo gui test train lint lock app test-app clean
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

app: $(VENV)/installed-app
	$(RUN) -m app.build

test-app: app $(VENV)/installed-dev
	APP=dist/handwritten-digits/handwritten-digits $(RUN) -m pytest tests/app
	$(RUN) -m benchmarks.app

lint: $(VENV)/installed-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

lock: $(VENV)/installed-dev
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) --no-annotate requirements.in -c requirements-dev.txt -o requirements.txt
	$(LOCK) --no-annotate requirements-cluster.in -c requirements-dev.txt -o requirements-cluster.txt
	$(LOCK) --no-annotate requirements-app.in -c requirements-dev.txt -o requirements-app.txt

clean:
	rm -rf $(VENV) runs build dist .unfinished

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; ok = (3, 10) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else "Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + "; say which with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	$(INSTALL) -r requirements.txt
	touch $@

$(VENV)/installed-app: requirements-app.txt $(VENV)/installed
	$(INSTALL) -r requirements-app.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(INSTALL) -r requirements-dev.txt
	touch $@
