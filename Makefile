# make demo    environment, then the three networks on the embedded digits: about two minutes of work
# make test    environment and test suite
# make train   the published run on MNIST, about half an hour on two cores
# make lint    ruff and mypy
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python

.PHONY: demo test train lint clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(RUN) test.py --dataset uci

test: $(VENV)/installed-dev
	$(RUN) -m pytest

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
