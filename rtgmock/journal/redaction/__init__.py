"""Redaction: takes the secrets out of what was sent and answered, so that it can be shown and logged.

First by name: the value under a secret's name is masked. The text is parsed as the JSON, XML, form or multipart form
that it looks like, since its label may be wrong. Text that is none of them is cut at the first such name.

Then by value: a value that was found by name, and each account's password, is masked everywhere else in the same
request and answer, however it is escaped there.

``redactor`` does it, ``json``, ``xml`` and ``form`` find the values in a body, ``secrets`` knows the names, and
``encodings`` the ways to write a text.
"""
