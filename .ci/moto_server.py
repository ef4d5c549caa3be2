"""Runs moto's server for tests that share it. It answers one request after the other, because an answer that walks
through all secrets while another request adds one has status 500. And it lists its own package's folder once, because
to list it for every request is its slowest part.

Usage: moto_server.py <arguments of moto_server>
"""

import threading

from moto import backends, server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

modules = list(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: modules

turn = threading.Lock()
answer = DomainDispatcherApplication.__call__


def answer_in_turn(self, environ, start_response):
    # It reads one queue only, and may wait for a message that another request sends.
    if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage":
        return answer(self, environ, start_response)
    with turn:
        return answer(self, environ, start_response)


DomainDispatcherApplication.__call__ = answer_in_turn

server.main()
