"""The HTTP API and the page's files. Flask lives here, and is imported by no module that the first page needs."""
