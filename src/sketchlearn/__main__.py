"""`python -m sketchlearn` does what `sketchlearn` does."""

from sketchlearn.cli import main

if __name__ == "__main__":
    main()
