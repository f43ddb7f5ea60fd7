"""The profiles are those of the property tests: a few examples in `make test`, many in `make soak`."""

import tests.deep.property.conftest  # noqa: F401 - to read it registers and loads them
