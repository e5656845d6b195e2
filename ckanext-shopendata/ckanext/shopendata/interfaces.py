"""What other plugins may implement."""

from __future__ import annotations

import ckan.plugins as p

__all__ = ["IMessenger"]


class IMessenger(p.Interface):
    """A way to reach people beside mail: text messages, a government messenger.

    Whoever wants to replace mail altogether implements CKAN's ``INotifier`` and stands before us in ``ckan.plugins``.
    """

    def send(self, user_id: str, key: str, subject: str, text: str, link: str) -> None:
        """Sends one notice to one person, in that person's language; digests go by mail only.

        It finds out itself where the account is reached, and sends nothing to who is not. It may be called again with
        the same ``key`` and must send that once. An exception means: try again later.
        """
