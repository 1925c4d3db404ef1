"""`python -m sketchlearn.cli` is the command line."""

from sketchlearn.cli import main

main()
