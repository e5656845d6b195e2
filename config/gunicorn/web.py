"""gunicorn's settings for CKAN's web processes."""

import os

from ckanext.shopendata.telemetry import logs, metrics

bind = f"{os.environ.get('SHOPENDATA_LISTEN', '127.0.0.1')}:{os.environ['SHOPENDATA_WEB_PORT']}"
raw_env = [f"GATEWAY_ADDRESS=http://{os.environ['SHOPENDATA_GATEWAY_HOST']}:{os.environ['SHOPENDATA_GATEWAY_PORT']}"]
workers = int(os.environ.get("SHOPENDATA_WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("SHOPENDATA_WEB_THREADS", "4"))
timeout = 120
graceful_timeout = 15
# Recycled now and then: a leak in any of CKAN's many dependencies stays small.
max_requests = 20000
max_requests_jitter = 2000
# Only nginx talks to us, and it overwrites these headers.
forwarded_allow_ips = os.environ.get("SHOPENDATA_FORWARDED_ALLOW_IPS", "127.0.0.1")
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files; a slow disk must not look like a hung worker
control_socket_disable = True
logconfig_dict = logs.GUNICORN
child_exit = metrics.forget
# As nginx: what is longer gets its answer there, in the portal's own words.
limit_request_line = 8190
