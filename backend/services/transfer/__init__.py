"""Conversations out, as documents that people read, and in, from what other programs export."""
