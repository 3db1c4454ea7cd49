"""The part of google-re2 that the desk uses; the package has no types of its own."""

class error(Exception): ...  # noqa: N801

class Options:
    case_sensitive: bool
    log_errors: bool
    max_mem: int
    never_capture: bool

class _Match:
    def group(self, group: int = ...) -> str | bytes | None: ...
    def start(self, group: int = ...) -> int: ...
    def end(self, group: int = ...) -> int: ...

class _Regexp:
    def search(self, text: str | bytes) -> _Match | None: ...

def compile(pattern: str, options: Options | None = None) -> _Regexp: ...  # noqa: A001
