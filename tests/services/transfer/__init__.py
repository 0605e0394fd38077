"""Conversations out and in."""
