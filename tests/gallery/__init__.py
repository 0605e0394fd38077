"""Pictures of every screen, for docs/screens/: made by driving the real page and the real window."""
