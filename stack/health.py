"""The questions that tell whether a service serves: the same natively and in containers, standard library only."""

from __future__ import annotations

import urllib.error
import urllib.request

from stack.settings import Settings

#: Service that speaks HTTP -> the address it is asked for.
ADDRESSES = {
    "solr": "/solr/shopendata/admin/ping",
    "web": "/api/3/action/status_show",
    "gateway": "/gateway/readyz",
    "sandbox": "/healthz",
    "nginx": "/api/3/action/status_show",
}

# No proxy: it would look for our loopback addresses on its own machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(service: str, settings: Settings) -> bool:
    """Whether a service of :data:`ADDRESSES` answers with anything but a server error."""
    host = "127.0.0.1" if service == "nginx" else settings[f"{service.upper()}_HOST"]
    try:
        with _direct.open(f"http://{host}:{settings.port(service)}{ADDRESSES[service]}", timeout=5) as answer:
            return answer.status < 500
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
