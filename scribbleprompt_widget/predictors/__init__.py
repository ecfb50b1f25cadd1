"""Predictors: from prompts to masks."""
