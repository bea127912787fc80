"""The least of libpq that a bare client needs: a session, and statements with text parameters."""

import ctypes
import ctypes.util
import threading

OK_STATUSES = (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK.
RECONNECT_PAUSE = 0.05


NoticeProcessor = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)
SAY_NOTHING = NoticeProcessor(lambda _, text: None)


def _library():
    library = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    pointers = ("PQconnectdb", "PQexecParams", "PQexec")
    texts = ("PQgetvalue", "PQresultErrorMessage", "PQerrorMessage")
    for name in pointers:
        getattr(library, name).restype = ctypes.c_void_p
    for name in texts:
        getattr(library, name).restype = ctypes.c_char_p
    library.PQconnectdb.argtypes = [ctypes.c_char_p]
    for name in ("PQstatus", "PQfinish", "PQclear", "PQresultStatus", "PQntuples", "PQnfields",
                 "PQresultErrorMessage", "PQerrorMessage"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.PQsetNoticeProcessor.argtypes = [ctypes.c_void_p, NoticeProcessor, ctypes.c_void_p]
    library.PQgetvalue.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    library.PQexecParams.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    return library


LIBRARY = _library()


class Failure(Exception):
    """A statement failed, or its session was lost."""


class Session:
    """Opened when first used, and anew after it was lost. Threads: none."""

    def __init__(self, url):
        self._url, self._session = url.encode(), None

    def run(self, sql, *values):
        """The rows, as tuples of texts."""
        if self._session is None:
            self._connect()
        parameters = (ctypes.c_char_p * len(values))(*(str(value).encode() for value in values))
        result = LIBRARY.PQexecParams(self._session, sql.encode(), len(values), None, parameters,
                                      None, None, 0)
        try:
            if LIBRARY.PQresultStatus(result) not in OK_STATUSES:
                raise Failure(LIBRARY.PQerrorMessage(self._session).decode(errors="replace"))
            columns = range(LIBRARY.PQnfields(result))
            return [tuple(LIBRARY.PQgetvalue(result, row, column).decode() for column in columns)
                    for row in range(LIBRARY.PQntuples(result))]
        finally:
            LIBRARY.PQclear(result)
            if LIBRARY.PQstatus(self._session) != 0:
                self.close()

    def _connect(self):
        session = LIBRARY.PQconnectdb(self._url)
        if LIBRARY.PQstatus(session) != 0:
            message = LIBRARY.PQerrorMessage(session).decode(errors="replace")
            LIBRARY.PQfinish(session)
            threading.Event().wait(RECONNECT_PAUSE)
            raise Failure(message)
        LIBRARY.PQsetNoticeProcessor(session, SAY_NOTHING, None)
        self._session = session

    def close(self):
        if self._session is not None:
            LIBRARY.PQfinish(self._session)
        self._session = None
