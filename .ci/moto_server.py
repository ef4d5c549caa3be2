"""Runs moto's server for tests that share it. It answers one request after the other, because an answer that walks
through all secrets while another request adds one has status 500. It lists its own package's folder once, because to
list it for every request is its slowest part. And it counts a queue's messages only for who asks, reads the clock once
for all of them, and ends the search for one to delete where it is, because otherwise each call about a queue takes
longer the more messages it has.

Usage: moto_server.py <arguments of moto_server>
"""

import threading

from moto import backends, server
from moto.core.utils import unix_time_millis
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Queue

modules = list(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: modules

turn = threading.Lock()
asking = threading.local()  # for the numbers of messages, while it answers GetQueueAttributes
answer = DomainDispatcherApplication.__call__


def answer_in_turn(self, environ, start_response):
    # It reads one queue only, and may wait for a message that another request sends.
    if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage":
        return answer(self, environ, start_response)
    with turn:
        asking.now = environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.GetQueueAttributes"
        return answer(self, environ, start_response)


DomainDispatcherApplication.__call__ = answer_in_turn


def count_if_asked(name):
    count = getattr(Queue, name).fget
    setattr(Queue, name, property(lambda self: count(self) if getattr(asking, "now", False) else 0))


for name in ("", "_delayed", "_not_visible"):
    count_if_asked("approximate_number_of_messages" + name)


def messages(self):
    now = unix_time_millis()
    return [m for m in self._messages if now > m.visible_at and now >= m.delayed_until]


def delete_message(self, receipt_handle):
    for i, message in enumerate(self._messages):
        if message.had_receipt_handle(receipt_handle):
            self.pending_messages.discard(message)
            self.deleted_messages.update(message.all_receipt_handles)
            self._messages = self._messages[:i] + self._messages[i + 1 :]
            return
    if receipt_handle not in self.deleted_messages:
        raise ReceiptHandleIsInvalid()


Queue.messages = property(messages)
Queue.delete_message = delete_message

server.main()
