"""Plays TFTP conversations, all at once, and prints what came back: run inside a namespace, with a JSON object of
{name: [step, ...]} on stdin. A step is [where, hex, seconds]: "port" sends to port 69, "peer" to whoever answered
first, "stranger" to that one too but from another socket, "listen" only waits. Every step takes down the answer that
comes within the seconds, or null. Stopping waits for no answer that is not expected: a silent step costs its seconds."""
import hashlib
import json
import socket
import struct
import sys
import threading


def strings(rest):
    parts = rest.split(b"\0")
    return [part.decode("latin-1") for part in parts[:-1]]


def describe(packet):
    if len(packet) < 2:
        return {"raw": packet.hex()}
    opcode = struct.unpack(">H", packet[:2])[0]
    if opcode == 3:
        return {"data": struct.unpack(">H", packet[2:4])[0], "bytes": len(packet) - 4,
                "hash": hashlib.sha256(packet[4:]).hexdigest()[:12]}
    if opcode == 5:
        return {"error": struct.unpack(">H", packet[2:4])[0], "text": packet[4:].decode("latin-1")}
    if opcode == 6:
        words = strings(packet[2:])
        return {"oack": list(zip(words[::2], words[1::2]))}
    return {"raw": packet.hex()}


def play(server, steps, answers):
    own = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    other = socket.socket(own.family, socket.SOCK_DGRAM)
    peer = None
    for where, packet, seconds in steps:
        speaker = other if where == "stranger" else own
        target = (server, 69) if where == "port" else peer
        if where != "listen":
            if target is None:
                answers.append({"nobody": True})
                continue
            speaker.sendto(bytes.fromhex(packet), target)
        speaker.settimeout(seconds)
        try:
            answer, source = speaker.recvfrom(70000)
        except TimeoutError:
            answers.append(None)
            continue
        found = describe(answer)
        if speaker is own:
            found["same port"] = peer is None or source[1] == peer[1]
            peer = peer or source
        answers.append(found)
    own.close()
    other.close()


def main():
    conversations = json.load(sys.stdin)
    answers = {name: [] for name in conversations}
    threads = [threading.Thread(target=play, args=(sys.argv[1], steps, answers[name]))
               for name, steps in conversations.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(answers, sys.stdout)


main()
