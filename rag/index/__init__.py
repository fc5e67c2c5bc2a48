"""Abstracts made searchable: sentences and chunks, their vectors, the catalog (the truth) and two derived indexes."""
