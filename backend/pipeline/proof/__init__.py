"""Sentences of an answer held against the passages that it was given: which words support each, or why none do.

`align.prepare` reads the passages, `verdict.prove` judges a sentence. Nothing is imported here: others need only dates.
"""
