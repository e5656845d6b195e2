"""A stand-in for a government sharing platform (共享交换平台), for development, tests and the demonstration."""
