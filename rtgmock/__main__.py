"""The program ``python -m rtgmock``, which is the same as ``rtgmock``."""

from rtgmock.cli.main import main

if __name__ == "__main__":
    main()
