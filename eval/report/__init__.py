"""The report of a run: one HTML file that needs nothing else, neither files nor the network."""

from eval.report.page import write_report

__all__ = ["write_report"]
