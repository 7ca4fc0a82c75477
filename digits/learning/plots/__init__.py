"""Figures of what the networks do. They are given finished numbers; nothing is computed here."""
