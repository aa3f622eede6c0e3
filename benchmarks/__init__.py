"""Benchmarks: each module prints ratios measured side by side in one run and exits 1 when a bound is missed."""
