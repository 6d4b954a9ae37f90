"""``python -m rtgmock``."""

from rtgmock.cli.main import main

if __name__ == "__main__":
    main()
