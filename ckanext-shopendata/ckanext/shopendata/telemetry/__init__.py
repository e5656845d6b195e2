"""What processes tell of themselves: lines of logs, numbers, whether they are well.

Web processes, workers and the gateway say it in the same words; so nothing here imports CKAN.
"""
