"""Widgets: what a notebook shows."""
