"""Names that the notebook surface writes into executed notebooks and that later stages look for."""

KEY = "baocao"
"""Metadata key of every output that belongs to the report, and of the stamp of an executed notebook."""

READS = "application/vnd.baocao.reads+json"
"""Output that lists the codes a cell asked for."""

NARROW = "application/vnd.baocao.narrow+svg"
"""A chart drawn for a phone."""

NUMBERS = "application/vnd.baocao.numbers+html"
"""The numbers of a chart as an HTML table."""

PERIOD_VARIABLE = "BAOCAO_PERIOD"
DATASET_VARIABLE = "BAOCAO_DATASET"

NOTE_TAG = "ghi-chu"
"""Tag of Markdown cells that are notes of the authors; other Markdown cells would be lost and are refused."""
