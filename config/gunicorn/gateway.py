"""gunicorn's settings for the data gateway, which gets its environment from one file and from nowhere else."""

import os
from pathlib import Path

from ckanext.shopendata.telemetry import logs, metrics

environment = dict(
    line.split("=", 1)
    for line in Path(os.environ["SHOPENDATA_GATEWAY_ENV"]).read_text().splitlines()
    if line and not line.startswith("#")
)
raw_env = [f"{name}={value}" for name, value in environment.items()]

bind = f"{environment['SHOPENDATA_LISTEN']}:{environment['SHOPENDATA_GATEWAY_PORT']}"
workers = int(environment["SHOPENDATA_GATEWAY_WORKERS"])
worker_class = "gthread"
threads = int(environment["SHOPENDATA_GATEWAY_THREADS"])
timeout = 120
graceful_timeout = 15
# Only nginx talks to us, and it overwrites the headers that tell a client's address.
forwarded_allow_ips = environment["SHOPENDATA_FORWARDED_ALLOW_IPS"]
worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True
logconfig_dict = logs.GUNICORN
child_exit = metrics.forget
# As nginx: what is longer gets its answer there, in the gateway's own words.
limit_request_line = 8190
