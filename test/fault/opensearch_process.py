"""Private OpenSearch nodes, put together by tools/fetch_opensearch.sh: one alone, or a cluster of
which nodes are killed and stopped one at a time."""

import http.client
import json
import os
import shutil
import signal
import time
from pathlib import Path

from server_process import await_true, start_child, unused_port

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / ".deps/opensearch"
JAVA = tuple(Path(path) for path in ("/usr/bin/java", "/usr/lib/jvm/default-java/bin/java"))
NOBODY = "65534"  # It refuses to run as root.
START_SECONDS_MAX = 600  # A busy machine takes minutes for three.
ANSWER_SECONDS_MAX = 5
LOOK_PAUSE = 0.1  # s, between two questions whether it is ready.
INDEX = "vectors"
# As bin/opensearch has them, and what makes a short life quick rather than a long one.
JVM = ("-Xms384m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote",
       "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
       "org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory",
       "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8", "-Dio.netty.noUnsafe=true",
       "-Dio.netty.noKeySetOptimization=true", "-Dio.netty.recycler.maxCapacityPerThread=0",
       "-Dio.netty.allocator.numDirectArenas=0", "-Dlog4j.shutdownHookEnabled=false",
       "-Dlog4j2.disable.jmx=true", "-Djava.locale.providers=SPI,COMPAT",
       "-Dopensearch.distribution.type=tar", "-Dopensearch.bundled_jdk=false")
# A node that hangs is put out within ten seconds; by default it takes half a minute.
FAULT_DETECTION = ("follower_check.timeout", "leader_check.timeout")


class Node:
    """Ports stay over restarts. Threads: started and killed from one thread only."""

    def __init__(self, folder, name):
        self.folder, self.name = Path(folder), name
        self.port, self.transport = unused_port(), unused_port()
        self._process = None

    def install(self, cluster):
        """A copy: a node reads its settings, and writes data and logs, below its own folder."""
        if not (FETCHED / "lib").exists():
            raise RuntimeError("there is no OpenSearch: run tools/fetch_opensearch.sh")
        shutil.copytree(FETCHED, self.folder)
        (self.folder / "tmp").mkdir()
        lines = ["cluster.name: fault-tests", f"node.name: {self.name}", "network.host: 127.0.0.1",
                 f"http.port: {self.port}", f"transport.port: {self.transport}",
                 "cluster.routing.allocation.disk.threshold_enabled: false"]
        if len(cluster) == 1:
            lines.append("discovery.type: single-node")
        else:
            hosts = [f"127.0.0.1:{node.transport}" for node in cluster]
            lines += [f"discovery.seed_hosts: {json.dumps(hosts)}",
                      "cluster.initial_cluster_manager_nodes: "
                      + json.dumps([node.name for node in cluster]),
                      *(f"cluster.fault_detection.{name}: 3s" for name in FAULT_DETECTION),
                      "cluster.fault_detection.follower_check.retry_count: 2",
                      "cluster.fault_detection.leader_check.retry_count: 2",
                      "cluster.publish.timeout: 5s", "cluster.follower_lag.timeout: 5s"]
        (self.folder / "config/opensearch.yml").write_text("\n".join(lines) + "\n")
        os.chmod(self.folder.parent, 0o755)
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, int(NOBODY), int(NOBODY))

    def launch(self):
        java = next((path for path in JAVA if path.exists()), None)
        if java is None:
            raise RuntimeError("there is no java: run tools/install_packages.sh test")
        home = self.folder
        self._process = start_child(
            [java, *JVM, f"-Djava.io.tmpdir={home}/tmp", f"-Dopensearch.path.home={home}",
             f"-Dopensearch.path.conf={home}/config", "-cp", f"{home}/lib/*",
             "org.opensearch.bootstrap.OpenSearch"],
            home.parent / f"{self.name}.log", user=NOBODY if os.geteuid() == 0 else None,
            folder=home)

    def has_ended(self):
        return self._process is None or self._process.poll() is not None

    def kill(self):
        self._process.kill()
        self._process.wait()

    def signal(self, number):
        os.kill(self._process.pid, number)

    def ask(self, method, path, document=None, seconds=ANSWER_SECONDS_MAX):
        """(status, document); (0, None) when it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, document and json.dumps(document),
                               {"Content-Type": "application/json"} if document else {})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()


class Opensearch:
    """A cluster as one server among others: `kill` and `pause` strike one node, chosen by `choose`
    or in turn; `launch` and `resume` bring it back, and it is ready when every copy is whole again.
    Threads: none."""

    def __init__(self, folder, count=1):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.nodes = [Node(self.folder / f"node{n}", f"node{n}") for n in range(count)]
        for node in self.nodes:
            node.install(self.nodes)
        self._chosen, self._turn = None, 0
        self._next_look = 0.0

    def has_replica(self):
        return len(self.nodes) > 1

    def url(self, *_):
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"opensearch+http://{hosts}/{INDEX}?replicas={int(self.has_replica())}"

    # Of all nodes.

    def start(self):
        for node in self.nodes:
            if node.has_ended():
                node.launch()
        await_true(self._has_failed_or_is_ready, "OpenSearch answers", START_SECONDS_MAX)
        if self.has_ended():
            raise RuntimeError(f"OpenSearch ended at its start; see {self.folder}")

    def _has_failed_or_is_ready(self):
        return self.has_ended() or self.is_ready()

    def kill_all(self):
        for node in self.nodes:
            if not node.has_ended():
                node.kill()

    def has_ended(self):
        return any(node.has_ended() for node in self.nodes)

    def is_ready(self):
        """Every node belongs to it, and answers. Asked more often than it looks: no."""
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + LOOK_PAUSE
        return all(self._is_whole(node) for node in self.nodes)

    def _is_whole(self, node):
        status, found = node.ask("GET", "/_cluster/health", seconds=1)
        return (status == 200 and found["number_of_nodes"] == len(self.nodes)
                and found["status"] == "green" and found["relocating_shards"] == 0)

    # Of one node.

    def node_of_primary(self):
        return self._named("/_cat/shards/" + INDEX + "?format=json&h=prirep,node", "p")

    def manager(self):
        return self._named("/_cat/cluster_manager?format=json&h=node")

    def _named(self, path, kind=None):
        _, rows = self.nodes[0].ask("GET", path)
        name = next(row["node"] for row in rows if kind in (None, row.get("prirep")))
        return next(node for node in self.nodes if node.name == name)

    def choose(self, node):
        """For the next strike."""
        self._chosen = node

    def _next(self):
        node = self._chosen or self.nodes[self._turn % len(self.nodes)]
        self._chosen, self._turn = None, self._turn + 1
        return node

    def kill(self):
        self._next().kill()

    def launch(self):
        for node in self.nodes:
            if node.has_ended():
                node.launch()

    def pause(self):
        self._next().signal(signal.SIGSTOP)

    def resume(self):
        for node in self.nodes:
            if not node.has_ended():
                node.signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill_all()
