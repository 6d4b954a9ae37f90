"""The benchmark: rtgmock beside the servers that people use for the same purpose, measured in the same way in turns.

::

    python -m tests.bench            # everything; the peers are installed into ~/.cache/rtgmock-bench
    python -m tests.bench --help     # fewer peers, shorter measurements

It prints a Markdown table. No test compares absolute times: ``test_bench.py`` only keeps this code alive.
"""
