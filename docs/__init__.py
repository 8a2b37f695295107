"""The reference documentation, and what makes it: ``python -m docs.build``."""
