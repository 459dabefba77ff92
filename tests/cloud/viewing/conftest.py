"""Fixtures of the live views."""

from tests.cloud.api import office as office
from tests.cloud.api import parts as parts
