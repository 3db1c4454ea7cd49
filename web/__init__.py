"""The console and the customer pages, built by Vite into `dist`, and the manual in `help`."""

from importlib.resources import files

ASSETS = files(__name__) / "dist"
HELP = files(__name__) / "help"
