"""Sentences of an answer held against the passages that it was given: which words support each, or why none do."""

from backend.pipeline.proof.align import Embed, Prepared, prepare
from backend.pipeline.proof.verdict import Code, Outcome, Reason, Verdict, prove

__all__ = ["Code", "Embed", "Outcome", "Prepared", "Reason", "Verdict", "prepare", "prove"]
