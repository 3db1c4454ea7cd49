# The part of dingtalk-stream 0.24.4b1 that is used; the package ships no types.
import logging
from typing import Any

class Credential:
    client_id: str
    client_secret: str
    def __init__(self, client_id: str, client_secret: str) -> None: ...

class Headers:
    CONTENT_TYPE_APPLICATION_JSON: str
    app_id: str | None
    connection_id: str | None
    content_type: str | None
    message_id: str | None
    time: int | None
    topic: str | None
    event_id: str | None
    event_type: str | None
    extensions: dict[str, Any]
    def to_dict(self) -> dict[str, Any]: ...

class CallbackMessage:
    headers: Headers
    data: dict[str, Any]

class EventMessage:
    headers: Headers
    data: dict[str, Any]

class AckMessage:
    STATUS_OK: int
    STATUS_SYSTEM_EXCEPTION: int
    code: int
    headers: Headers
    message: str
    data: dict[str, Any]
    def __init__(self) -> None: ...

class CallbackHandler:
    logger: logging.Logger
    def __init__(self) -> None: ...
    async def process(self, message: CallbackMessage) -> tuple[int, str]: ...
    async def raw_process(self, callback_message: CallbackMessage) -> AckMessage: ...

class EventHandler:
    logger: logging.Logger
    def __init__(self) -> None: ...
    async def process(self, event: EventMessage) -> tuple[int, str]: ...
    async def raw_process(self, event_message: EventMessage) -> AckMessage: ...

class DingTalkStreamClient:
    RECONNECT_BASE_DELAY_SECONDS: float
    RECONNECT_MAX_DELAY_SECONDS: float
    RECONNECT_JITTER_SECONDS: float
    OPEN_CONNECTION_API: str
    credential: Credential
    event_handler: EventHandler
    callback_handler_map: dict[str, CallbackHandler]
    logger: logging.Logger
    def __init__(
        self,
        credential: Credential,
        logger: logging.Logger | None = None,
        websocket_connect_options: dict[str, Any] | None = None,
    ) -> None: ...
    def register_all_event_handler(self, handler: EventHandler) -> None: ...
    def register_callback_handler(self, topic: str, handler: CallbackHandler) -> None: ...
    def open_connection(self) -> dict[str, str] | None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def background_task(
        self, json_message: dict[str, Any], websocket: object = None
    ) -> None: ...
    def _reconnect_delay(self, attempt: int) -> float: ...
