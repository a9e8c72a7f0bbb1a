"""Compares nnlua with PyTorch on random cases: see scripts/compare-torch."""
