"""baocao: monthly official reports from departments' Excel workbooks, with a source for every number."""

__version__ = "0.1.0"
