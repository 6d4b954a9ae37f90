"""Faults on purpose: rules that say which requests go wrong and how, and the registry of those in force.

A kind of fault is one module in ``kinds`` and its line in the table there.
"""
