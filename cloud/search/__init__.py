"""Search: everything that has a text or a code, by a part of it, in Chinese and English."""
