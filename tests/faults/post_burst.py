"""Many published posts in a short time, made by the domain's own services on the data of a running stack.

`python -m tests.faults.post_burst PORT PREFIX POSTS` prints, as JSON, how long it took and the ids of the posts. Each
has words of its own, `<prefix>x<number>`, one that all have, `<prefix>`, and words that many have. It is a process of
its own because `lamina` takes on the settings of the stack when it is imported.
"""

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from local.seed.connection import connect

THREADS = 8
VOCABULARY = 2_000
WORDS = 80


def main(port: str, prefix: str, posts: int) -> None:
    """Create the posts, and print what happened."""
    connect(port)
    # Only now: `lamina` reads its settings when it is imported.
    from lamina.access.policy import Caller, Role, session_scopes
    from lamina.events.request_context import RequestContext
    from lamina.posts import service
    from lamina.posts.model import NewPost
    from lamina.users import service as users
    from lamina.users.service import NewUser

    context = RequestContext(None, "burst")
    author = users.create(NewUser(email=f"{prefix}@example.com", username=prefix, name=prefix), context)
    caller = Caller(author.id, Role(author.role), "", session_scopes(Role(author.role)))
    chance = random.Random(prefix)  # noqa: S311 (examples, not secrets)
    words = [f"word{number}x" for number in range(VOCABULARY)]
    texts = [" ".join([prefix, *chance.choices(words, k=WORDS)]) for _ in range(posts)]

    def create(number: int) -> str:
        title = f"{prefix}x{number:04}y"
        new = NewPost(author_id=author.id, title=title, content=texts[number], published=True)
        return service.create(new, context, by=caller).post.id

    begun = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(create, range(posts)))
    print(json.dumps({"seconds": time.monotonic() - begun, "posts": made}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
