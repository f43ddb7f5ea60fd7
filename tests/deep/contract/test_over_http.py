"""Every test of tests/contract once more, over HTTP. The fixture `way` makes the difference."""

from tests.contract.test_batch_api import *  # noqa: F403 - the tests themselves, collected here with another client
from tests.contract.test_store_api import *  # noqa: F403 - the tests themselves, collected here with another client
