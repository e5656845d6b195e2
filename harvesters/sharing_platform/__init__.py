"""Sharing platforms (共享交换平台) that speak the protocol of ``docs/sharing-platform.md``."""
