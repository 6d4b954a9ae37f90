"""Fault injection: rules that say which requests fail and how, and the registry of those in force.

A new kind of fault is a module in ``kinds`` and its entry in the table there.
"""
