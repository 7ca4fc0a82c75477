"""Breaks things on purpose: damaged files, killed processes, a window that is used at random."""
