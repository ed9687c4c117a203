"""Two network namespaces with a link between them, for the server and for the load."""
import subprocess


def run(*words, seconds=300):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=seconds)
    if result.returncode != 0:
        raise SystemExit(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def make_network(server, client):
    for namespace in (server, client):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    run("ip", "-n", server, "link", "add", "b0", "type", "veth", "peer", "name", "b1", "netns", client)
    run("ip", "-n", server, "addr", "add", "10.9.0.1/16", "dev", "b0")
    run("ip", "-n", client, "addr", "add", "10.9.0.2/16", "dev", "b1")
    run("ip", "-n", server, "link", "set", "b0", "up")
    run("ip", "-n", client, "link", "set", "b1", "up")
