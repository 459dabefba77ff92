from tests.cloud.api import office, parts

__all__ = ["office", "parts"]
