"""Scenes on a Stand: what must happen for the lack of one guard to show. Each is played with the
guard too, and then breaks nothing."""

import http.client
import threading

from failpoint_checker import array
from failpoint_load import PATH, Broken, Writer, encoded
from http_caller import Caller
from libpq import Failure, Session
from server_process import await_true
from service_process import Service, post_json

STEP_SECONDS_MAX = 30
SYNCED_SECONDS_MAX = 60
MOVED_SECONDS_MAX = 60
PATCHES = 6  # By two replicas in turn.
LOST_MAX = 20  # Writes before the kill.

# The vector of a record named in `late` waits in its server until it is named no more; what comes
# after it does not.
LATE_VECTORS = (
    "CREATE TABLE late (record_id uuid PRIMARY KEY)",
    "CREATE FUNCTION arrive_late() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    "SET search_path = public AS $$ BEGIN "
    "IF EXISTS (SELECT FROM late WHERE record_id = NEW.record_id) "
    "AND pg_try_advisory_xact_lock(4711) THEN "
    "WHILE EXISTS (SELECT FROM late WHERE record_id = NEW.record_id) "
    "LOOP PERFORM pg_sleep(0.005); END LOOP; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER arrive_late BEFORE INSERT ON vector_point FOR EACH ROW "
    "EXECUTE FUNCTION arrive_late()")
IS_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"


def await_step(is_there, what, seconds=STEP_SECONDS_MAX):
    await_true(is_there, what, seconds)


def create_synced(stand, writer, thing):
    writer.create(thing)
    await_step(lambda: stand.is_synced(writer, thing), "a record is synced", SYNCED_SECONDS_MAX)


def await_hit(stand):
    if not stand.control.await_hit(lambda: False, STEP_SECONDS_MAX):
        raise RuntimeError("the failpoint is not reached")


def go_on(stand):
    stand.control.go()
    if not stand.control.await_gone_on(STEP_SECONDS_MAX):
        raise RuntimeError("the failpoint does not go on")


class Aside:
    """A call in a thread of its own; `join` gives its result or raises what it raised."""

    def __init__(self, call):
        self._result, self._error = None, None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call):
        try:
            self._result = call()
        except BaseException as error:  # Whoever joins raises it.
            self._error = error

    def has_ended(self):
        return not self._thread.is_alive()

    def join(self):
        self._thread.join(SYNCED_SECONDS_MAX)
        if self._thread.is_alive():
            raise RuntimeError("a call does not end")
        if self._error is not None:
            raise self._error
        return self._result


def changed_while_settled(stand, thing, _):
    """The record changes between the relay's sending of its vector and the end of its row; the
    change's own vector is not sent by its writer."""
    writer = Writer(stand.load)
    stand.control.arm(thing.key, [("kBeforeSend", "error"), ("kBeforeRelaySettle", "pause")])
    writer.create(thing)
    await_hit(stand)
    writer.patch(thing, stand.load.new_text())
    go_on(stand)
    return writer.close()


def changed_while_embedded(stand, thing, _):
    """The text changes while the relay has the embedding of the one before in hand."""
    writer = Writer(stand.load)
    stand.control.arm(thing.key, [("kBeforeEmbedding", "error"),
                                  ("kBeforeStoreEmbedding", "pause")])
    writer.create(thing)
    await_hit(stand)
    writer.patch(thing, stand.load.new_text())
    go_on(stand)
    return writer.close()


def embedded_later(stand, thing, _):
    """A change without its embedding takes the old vector away; the relay brings the new one."""
    writer = Writer(stand.load)
    create_synced(stand, writer, thing)
    stand.control.arm(thing.id, [("kBeforeEmbedding", "error"),
                                 ("kBeforeRelayEmbedding", "pause")])
    writer.patch(thing, stand.load.new_text())
    await_hit(stand)
    go_on(stand)
    return writer.close()


def patch_by_hand(stand, thing, text):
    """(the request's answer, to be joined). What its writer believes changes at once."""
    caller = Caller([stand.service])
    headers = {"Content-Type": "application/merge-patch+json", "If-Match": f'"{thing.version}.s"'}
    request = ("PATCH", f"{PATH}/{thing.id}", encoded({"summary": text}), headers)
    return Aside(lambda: caller.ask(*request))


def _late(stand, thing, follow):
    """A patch's vector is still on its way when another write of the record is done."""
    writer, session = Writer(stand.load), Session(stand.servers.vectors.url(stand.vectors))
    create_synced(stand, writer, thing)
    await_step(lambda: stand.stores.pending() == 0, "nothing is pending")
    text = stand.load.new_text()
    session.run(f"INSERT INTO late VALUES ('{thing.id}')")
    patched = patch_by_hand(stand, thing, text)
    await_step(lambda: session.run(IS_HELD)[0][0] != "0", "a vector is on its way")
    thing.old_texts.append(thing.text)
    thing.text, thing.version = text, thing.version + 1
    follow(writer)
    session.run("DELETE FROM late")
    reply = patched.join()
    if reply is None or reply.status != 200:
        raise Broken(f"the late write is answered {reply and (reply.status, reply.body[:300])}")
    session.close()
    return writer.close()


def patched_before_it_arrives(stand, thing, _):
    return _late(stand, thing, lambda writer: writer.patch(thing, stand.load.new_text()))


def erased_before_it_arrives(stand, thing, _):
    return _late(stand, thing, lambda writer: writer.erase(thing))


def patched_by_two_replicas(stand, thing, _):
    """In turn, so that the stamps of one session must follow those of another."""
    writer = Writer(stand.load)
    create_synced(stand, writer, thing)
    options = ("--store", stand.servers.postgres.url(stand.records), "--store-sessions", "3",
               "--vectors", stand.servers.vectors.url(stand.vectors))
    folder = stand.folder
    with Service(stand.binary, folder / "replica", folder / "replica.log",
                 options) as other:
        other.start()
        first = stand.service
        for number in range(PATCHES):
            stand.load.service = first if number % 2 else other
            turn = Writer(stand.load)
            turn.patch(thing, stand.load.new_text())
            turn.close()
        stand.load.service = first
        await_step(lambda: stand.stores.pending() == 0, "nothing is pending", SYNCED_SECONDS_MAX)
        other.stop()
    return writer.close()


def fenced_while_it_commits(stand, thing, _):
    """The intent of a strict creation is taken away, its vector too, right before it commits: as
    by a replica whose clock is ahead."""
    writer, session = Writer(stand.load), Session(stand.servers.postgres.url(stand.records))
    stand.control.arm(thing.key, [("kBeforeStrictRecord", "pause")])
    created = Aside(lambda: writer.create(thing, True))
    await_hit(stand)
    (_, record_id, _), = stand.stores.key_holders([thing.key])
    ids = array([record_id])
    session.run("UPDATE pending_vector SET due_at = now() - interval '1 hour' "
                "WHERE record_id = ANY ($1::text::uuid[])", ids)
    await_step(lambda: session.run("SELECT count(*) FROM pending_vector WHERE record_id = ANY "
                                   "($1::text::uuid[])", ids)[0][0] == "0", "it is fenced")
    go_on(stand)
    created.join()
    session.close()
    return writer.close()


def created_meanwhile(stand, thing, checker):
    """One is created while another's intent is all there is of it. A new key is refused to nobody:
    409 is for one that another request holds."""
    writer, other = Writer(stand.load), Writer(stand.load)
    stand.control.arm(thing.key, [("kBeforeSend", "pause")])
    created = Aside(lambda: writer.create(thing, True))
    await_hit(stand)
    meanwhile = Aside(lambda: other.create(stand.load.new_thing()))
    await_step(lambda: meanwhile.has_ended() or stand.load.tally["answer_409"],
               "a creation is answered")
    if stand.load.tally["answer_409"]:
        checker.add("I7", "a new key was answered 409")
    go_on(stand)
    created.join()
    meanwhile.join()
    writer.close()
    return other.close()


def applied_while_searched(stand, thing, checker):
    """A record that was acknowledged before the search gets its vector while the search is between
    the index and the list of what is pending."""
    writer, asking = Writer(stand.load), Writer(stand.load)
    stand.control.arm(thing.key, [("kBeforeSend", "error"), ("kBeforeRelaySend", "pause")])
    writer.create(thing)
    await_hit(stand)
    stand.control.hold_searches()
    searched = Aside(lambda: stand.hits(asking, thing.text))
    if not stand.control.await_search(STEP_SECONDS_MAX):
        raise RuntimeError("no search asks the index")
    go_on(stand)
    try:
        await_step(lambda: stand.stores.pending() == 0, "nothing is pending", 5)
    finally:
        stand.control.release_searches()
    hits = searched.join()
    if thing.id not in hits:
        checker.add("I6", f"{thing.key} was acknowledged before a search that missed it: {hits}")
    asking.close()
    return writer.close()


def searched_when_settled(stand, thing, _):
    """Nobody refreshes the index but whoever must wait for it."""
    node = stand.servers.nodes.nodes[0]
    status, answer = node.ask("PUT", f"/{stand.index}/_settings",
                              {"index": {"refresh_interval": "-1"}})
    if status != 200:
        raise RuntimeError(f"OpenSearch: {status} {answer}")
    writer = Writer(stand.load)
    writer.create(thing)
    return writer.close()


def created_in_a_move(stand, thing, _):
    """A record is created while searches move to another set, and found there: the relay sends its
    vector, by the rows that it has left."""
    target = f"moved_{thing.key.replace('-', '_')}"  # Once each time that it is played.
    stand.servers.vectors.run("postgres", f"CREATE DATABASE {target}")
    new = stand.servers.vectors.url(target)
    old = stand.servers.vectors.url(stand.vectors)
    stand.replace_service("--store", stand.servers.postgres.url(stand.records),
                          "--store-sessions", "3", "--vectors", new + "#2",
                          "--vectors-from", old)
    writer, before = Writer(stand.load), stand.load.new_thing()
    create_synced(stand, writer, before)
    stand.control.arm(before.id, [("kBeforeRelaySend", "pause")])  # So long it cannot end.
    begun = Aside(lambda: operate(stand, "/admin/reindex", {}))
    await_hit(stand)
    stand.control.arm(thing.key, [("kBeforeSend", "error"), ("none", "error")])
    writer.create(thing)
    go_on(stand)
    begun.join()
    await_step(lambda: not operate(stand, "/admin/reindex", {"action": "report"})["moving"],
               "searches have moved", MOVED_SECONDS_MAX)
    stand.stores.look_in(new)
    return writer.close()


def operate(stand, path, document):
    connection = http.client.HTTPConnection("127.0.0.1", stand.service.metrics_port, timeout=60)
    try:
        return post_json(connection, path, document)
    finally:
        connection.close()


def killed_after_the_answer(stand, thing, _):
    """PostgreSQL loses what it has not written to its log, right after writes were answered."""
    writer = Writer(stand.load)
    writer.create(thing)
    for _ in range(LOST_MAX):
        writer.create(stand.load.new_thing())
    postgres = stand.servers.postgres
    postgres.kill()
    postgres.start()
    await_step(lambda: is_answered(stand), "PostgreSQL answers", SYNCED_SECONDS_MAX)
    return writer.close()


def is_answered(stand):
    try:
        return stand.stores.pending() >= 0
    except Failure:
        return False
