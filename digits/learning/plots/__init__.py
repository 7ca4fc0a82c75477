"""Figures of the networks and their results. They are given finished numbers; nothing is computed here."""
