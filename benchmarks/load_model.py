"""A language model's server for the load run, in a process of its own: every answer at the same pace, and timed.

    python -m benchmarks.load_model TOKENS_PER_SECOND SENTENCES

prints its port, and then for each answer one line of JSON: whose it was, and when each sentence left.
"""

import asyncio
import json
import re
import sys
import time

TOKEN = 5  # characters, the space with them
PASSAGE = re.compile(r"passage \[(\d+)\] from: [^\n]*\n(.*?)\n\S+ end of passage \[\1\]", re.DOTALL)
VISITOR = re.compile(r"visitor (\d+)")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
LISTED = b'{"object":"list","data":[{"id":"load","object":"model"}]}'


def chunk(delta: dict[str, str], reason: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
    made = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "load", "choices": choices, **more}
    return f"data: {json.dumps(made)}\n\n".encode()


def answer_to(prompt: str, most: int) -> list[str]:
    """Return the sentences of the passages, each with its citation, as a model would cite them."""
    sentences = [
        f"{sentence.rstrip('.')} [{number}]. "
        for number, text in PASSAGE.findall(prompt)
        for sentence in re.split(r"(?<=\.)\s+", text)
        if sentence.endswith(".")
    ]
    return list(dict.fromkeys(sentences))[:most]


class Model:
    """Answers requests; `pause` is between two tokens."""

    def __init__(self, pause: float, most: int) -> None:
        self.pause = pause
        self.most = most

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            print(json.dumps({"left": True}), flush=True)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if not body:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(LISTED), LISTED))
            return
        prompt = "\n".join(message["content"] for message in json.loads(body)["messages"])
        visitor = VISITOR.findall(prompt)[-1]
        writer.write(HEAD + chunk({"role": "assistant", "content": ""}))
        print(json.dumps({"visitor": int(visitor), "sent": await self._stream(prompt, writer)}), flush=True)

    async def _stream(self, prompt: str, writer: asyncio.StreamWriter) -> list[float]:
        """Send the answer, token by token on a schedule that no delay shifts; return when each sentence was out."""
        sent, due = [], time.monotonic()
        for sentence in answer_to(prompt, self.most):
            for place in range(0, len(sentence), TOKEN):
                due += self.pause
                await asyncio.sleep(due - time.monotonic())
                writer.write(chunk({"content": sentence[place : place + TOKEN]}))
            sent.append(time.monotonic())
            await writer.drain()
        usage = {"prompt_tokens": 900, "completion_tokens": 900, "total_tokens": 1800}
        writer.write(chunk({}, "stop") + chunk({}, usage=usage) + b"data: [DONE]\n\n")
        await writer.drain()
        return sent


async def main(tokens_per_second: float, most: int) -> None:
    server = await asyncio.start_server(Model(1 / tokens_per_second, most).serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2])))
