# make run    the April 2024 report        make test   every check and test
# make demo   a simulated second month     make lab    JupyterLab on the notebooks
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := run
.PHONY: run test demo lab lock theme clean

run: $(VENV)/.run
	$(BIN)/baocao run 2024-04

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 3 --dist loadgroup -rs

demo: $(VENV)/.run
	$(BIN)/baocao demo outputs/demo

lab: $(VENV)/.lab
	$(BIN)/baocao edit

# Needs uv; the locks hold the hashes of every wheel for Linux, Windows and macOS.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" \
	  pyproject.toml --extra install --output-file requirements.lock
	for extra in test lab; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" \
	    pyproject.toml --extra install --extra $$extra --constraint requirements.lock --output-file requirements-$$extra.lock || exit 1; \
	done

# The Word reference documents and the Typst measures come from src/baocao/theme/nd30.yml.
theme: $(VENV)/.test
	$(BIN)/python -m baocao.theme.generate

clean:
	rm -rf $(VENV) outputs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Cần Python 3.11 trở lên: chạy lại với make PYTHON=/đường/dẫn/python3.12"; exit 2; }
	@echo "Chuẩn bị môi trường trong $(VENV) (chỉ lần đầu, vài phút) …"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	$(BIN)/python -m baocao.hooks install
	@touch $@

$(VENV)/.test $(VENV)/.lab: $(VENV)/.%: requirements-%.lock $(VENV)/.run
	$(PIP) --require-hashes -r requirements-$*.lock
	$(BIN)/python -m baocao.hooks install
	@touch $@
