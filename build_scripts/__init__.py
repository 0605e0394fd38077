"""What sets up, builds and ships LocalChat; nothing here is part of the running program."""
