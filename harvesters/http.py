"""The only door through which harvesters reach the network.

A source is configured by one base address and nothing else is ever fetched for it: same scheme, host and port, no
redirects, no proxies or credentials from the environment. The host's addresses are checked and the connection is made
to a checked address, so that a name cannot point elsewhere between check and use. Link-local and metadata addresses
are refused always, private and loopback ones unless the source allows them.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .errors import AddressError, SourceError, TransportError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Metadata services of clouds that do not live on link-local addresses.
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")))
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A complete answer; header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedSession:
    """Fetches from one source.

    Args:
        base_url: ``http(s)://host[:port][/path]``, without credentials, query or fragment.
        allow_private: whether private and loopback addresses may be connected to.
        connect_timeout: seconds for one connection attempt.
        read_timeout: seconds without a byte.
        deadline: seconds for a whole answer.
        max_bytes: largest body.
        ca_file: certificates to trust instead of the usual ones (sharing platforms like to have their own).
        resolve: like :func:`socket.getaddrinfo`.

    Raises:
        AddressError: the base address is not of this form.
    """

    def __init__(
        self,
        base_url: str,
        *,
        allow_private: bool = False,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        deadline: float = 120,
        max_bytes: int = 32 * 1024 * 1024,
        ca_file: str | None = None,
        resolve: Callable[..., list] = socket.getaddrinfo,
    ) -> None:
        self.origin = _origin(base_url)
        parts = urlsplit(base_url)
        if parts.query or parts.fragment:
            raise AddressError("a base address has neither query nor fragment")
        self.base_url = base_url.rstrip("/")
        self._allow_private = allow_private
        self._timeouts = (connect_timeout, read_timeout)
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._resolve = resolve
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.mount("https://", _NamedTls(self.origin[1]))

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One GET, answered in full whatever its status.

        Args:
            address: absolute, or relative to the base address.
            headers: sent besides the usual ones.

        Raises:
            AddressError: outside the source, or at an address that must not be reached; a redirect counts as outside.
            TransportError: the connection failed, timed out or broke off.
            SourceError: the answer is larger than allowed or compressed, which was not asked for.
        """
        url = urljoin(f"{self.base_url}/", address)
        if _origin(url) != self.origin:
            raise AddressError(f"outside the source: {url!r}")
        scheme, host, port = self.origin
        named = _in_url(host) if port == _PORTS[scheme] else f"{_in_url(host)}:{port}"
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Accept-Encoding": "identity", "User-Agent": "ShopenData", **(headers or {}), "Host": named}
        failure: Exception | None = None
        for ip in self._addresses(host, port):
            pinned = f"{scheme}://{_in_url(str(ip))}:{port}{target}"
            try:
                return self._fetch(pinned, sent)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if not _never_connected(error):
                    raise TransportError(f"{url}: {type(error).__name__}") from error
                failure = error
        raise TransportError(f"{url}: cannot connect") from failure

    def _fetch(self, url: str, headers: Mapping[str, str]) -> Answer:
        end = time.monotonic() + self._deadline
        with self._session.get(
            url, headers=headers, timeout=self._timeouts, allow_redirects=False, stream=True
        ) as response:
            if response.is_redirect or 300 <= response.status_code < 400:
                raise AddressError(f"redirect (status {response.status_code}) refused")
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise SourceError("compressed answer to a request that asked for none")
            return Answer(response.status_code, response.headers, b"".join(self._body(response, end)))

    def _body(self, response: requests.Response, end: float) -> Iterator[bytes]:
        # read1 returns what has arrived; read would wait for a whole chunk and let a slow sender pass the deadline by.
        size = 0
        while chunk := response.raw.read1(_CHUNK):
            size += len(chunk)
            if size > self._max_bytes:
                raise SourceError(f"answer is larger than {self._max_bytes} bytes")
            if time.monotonic() > end:
                raise TransportError(f"answer took longer than {self._deadline} seconds")
            yield chunk

    def _addresses(self, host: str, port: int) -> list[Address]:
        """All addresses of the host; one that is refused spoils the host."""
        try:
            found = [entry[4][0] for entry in self._resolve(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            raise TransportError(f"cannot resolve {host}") from error
        addresses = list(dict.fromkeys(ipaddress.ip_address(text.split("%")[0]) for text in found))
        for address in addresses:
            check_address(address, allow_private=self._allow_private)
        return addresses


def check_address(address: Address, *, allow_private: bool) -> None:
    """Whether a connection to the address may be made.

    Raises:
        AddressError: it may not.
    """
    real = _unwrapped(address)
    if real in _METADATA or real.is_link_local or real.is_multicast or real.is_unspecified:
        raise AddressError(f"address {address} is never fetched")
    if not real.is_global and not allow_private:
        raise AddressError(f"address {address} is private; the source does not allow private addresses")


def _never_connected(error: Exception) -> bool:
    """Whether nothing was sent, so that the host's next address may be tried with the same request."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, urllib3.exceptions.NewConnectionError)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, lower-case host and port of an address.

    Raises:
        AddressError: not http(s), no host, credentials inside, or signs that parsers read differently.
    """
    if any(sign <= " " or sign in "\\\x7f" for sign in url):
        raise AddressError("an address holds neither spaces nor backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError("not an address") from error
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise AddressError("only http and https addresses without credentials are fetched")
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def _in_url(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


class _NamedTls(HTTPAdapter):
    """Connects to an address, speaks TLS with the name."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, server_hostname=self._host, assert_hostname=self._host, **kwargs)
