"""What the user starts: the window, the command line, and the server that runs behind both."""
