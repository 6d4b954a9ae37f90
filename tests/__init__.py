"""The tests; each folder mirrors a package of rtgmock."""

import pytest

# Modules of tests/support are plugins as well as plain imports. pytest warns about a plugin that was imported before it
# is named in pytest_plugins, unless its assertions have been rewritten already.
pytest.register_assert_rewrite("tests.support")
