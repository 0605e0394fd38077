"""The pytest plugins of this project: fixtures that any test may ask for by name."""

pytest_plugins = ["tests.ollama_stand_in", "tests.real_ollama"]
