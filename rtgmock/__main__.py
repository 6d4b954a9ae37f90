"""``python -m rtgmock``."""

from rtgmock.cli import main

if __name__ == "__main__":
    main()
