"""Fitting the small models that the package ships: what they were fitted on, and how good they are on held-out data."""
