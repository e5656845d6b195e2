"""The notifier: sends the notices that actions write (``logic/notice.py``), and reminds of time limits."""
