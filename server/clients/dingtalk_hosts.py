"""Where DingTalk answers. By itself, because who only reads settings need not load a client."""

from typing import Final

API_URL: Final = "https://api.dingtalk.com"
OAPI_URL: Final = "https://oapi.dingtalk.com"
